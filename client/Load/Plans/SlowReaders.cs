using Crescent.Client.Load.Draws;

namespace Crescent.Client.Load.Plans;

/// <summary>Calls whose client reads slowly: between two reads it pauses, with little room for what comes meanwhile, so that the server has to wait or to drop it.</summary>
/// <param name="Share">Of all calls; 0 to 1.</param>
/// <param name="PauseSeconds">Between two reads.</param>
internal sealed record SlowReaders(double Share, double PauseSeconds)
{
    /// <summary>Room for what comes while nobody reads, bytes; a kernel may give some more.</summary>
    public const int ReceiveBytes = 2048;

    /// <summary>None is.</summary>
    public static SlowReaders None { get; } = new(0, 0);

    /// <summary>Whether a call is one.</summary>
    public bool Is(long number, long seed)
    {
        if (Share == 0)
        {
            return false;
        }

        var stream = new SeededStream(seed, DrawPurpose.SlowReader, number);
        return stream.Uniform() < Share;
    }
}
