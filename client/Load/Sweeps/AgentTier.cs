using Crescent.Client.Load.Draws;

namespace Crescent.Client.Load.Sweeps;

/// <summary>What a session must be given to count as served: AA-AgentPerf judges the speed at the 25th percentile and the time to the first token at the 95th.</summary>
/// <param name="Speed">Tokens a second of a user, at least.</param>
/// <param name="FirstSeconds">To the first token, at most.</param>
internal sealed record AgentTier(double Speed, double FirstSeconds)
{
    /// <summary>Share of calls that may fail.</summary>
    public const double MostErrors = 0.01;

    /// <summary>The published tiers.</summary>
    public static IReadOnlyList<AgentTier> Published { get; } = [new(20, 10), new(60, 5), new(180, 3)];

    /// <summary>Reads <c>20:10s,60:5s</c>; null where it is not that.</summary>
    public static IReadOnlyList<AgentTier>? Parse(string text)
    {
        var tiers = new List<AgentTier>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var at = part.IndexOf(':', StringComparison.Ordinal);
            if (at <= 0 || Distribution.Number(part[..at]) is not (> 0 and var speed) || TimeText.Seconds(part[(at + 1)..]) is not (> 0 and var first))
            {
                return null;
            }

            tiers.Add(new AgentTier(speed, first));
        }

        return tiers;
    }

    /// <summary>Whether a load keeps it.</summary>
    public bool Keeps(SweepPoint point) => point.UserSpeedP25 >= Speed && point.FirstP95 <= FirstSeconds && point.Errors <= MostErrors;
}
