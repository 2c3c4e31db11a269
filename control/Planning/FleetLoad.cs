namespace Crescent.Control.Planning;

/// <summary>What a fleet has to serve at a moment, whatever its size.</summary>
/// <param name="Sequences">Calls that run or wait.</param>
/// <param name="ContextTokens">Positions of their contexts, in all.</param>
/// <param name="PromptSeconds">Prompts that come a second, in seconds that one device takes for them at full clock.</param>
public readonly record struct FleetLoad(double Sequences, double ContextTokens, double PromptSeconds)
{
    /// <summary>Each of them by <paramref name="join"/> with that of <paramref name="other"/>.</summary>
    public FleetLoad With(in FleetLoad other, Func<double, double, double> join) =>
        new(join(Sequences, other.Sequences), join(ContextTokens, other.ContextTokens), join(PromptSeconds, other.PromptSeconds));
}
