namespace Crescent.Client.Load.Plans;

/// <summary>What is sent.</summary>
/// <param name="Scripts">Says it.</param>
/// <param name="Concurrency">Scripts at a time in a closed loop; 0 for an open one.</param>
/// <param name="Most">Scripts at the most.</param>
internal sealed record LoadPattern(IScriptSource Scripts, int Concurrency, long Most)
{
    /// <summary>Calls of a trace that were left out so far.</summary>
    public Func<long> TooLong { get; init; } = static () => 0;
}
