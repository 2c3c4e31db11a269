using Crescent.Client.Load.Draws;

namespace Crescent.Client.Load.Plans;

/// <summary>Calls that their user gives up.</summary>
/// <param name="Share">Of all calls; 0 to 1.</param>
/// <param name="AfterSeconds">How long after their start.</param>
internal sealed record Cancellation(double Share, Distribution AfterSeconds)
{
    /// <summary>None is.</summary>
    public static Cancellation None { get; } = new(0, Distribution.Constant(0));

    /// <summary>When a call is given up, s; null for never.</summary>
    public double? Of(long number, long seed)
    {
        if (Share == 0)
        {
            return null;
        }

        var stream = new SeededStream(seed, DrawPurpose.Cancellation, number);
        return stream.Uniform() < Share ? AfterSeconds.Draw(ref stream) : null;
    }
}
