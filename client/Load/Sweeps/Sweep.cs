namespace Crescent.Client.Load.Sweeps;

/// <summary>A sweep: its loads, and what they show.</summary>
internal sealed record Sweep
{
    /// <summary>The command line, without a key.</summary>
    public required string Command { get; init; }

    /// <summary>Who was asked.</summary>
    public required string Server { get; init; }

    /// <summary>Which of its models.</summary>
    public required string Model { get; init; }

    /// <summary>What it goes over.</summary>
    public required SweepAxis Axis { get; init; }

    /// <summary>Its loads, the least first.</summary>
    public required IReadOnlyList<SweepPoint> Points { get; init; }

    /// <summary>The SLO in words; null for none.</summary>
    public string? Slo { get; init; }

    /// <summary>Share of calls that must keep it.</summary>
    public double Attain { get; init; } = 0.95;

    /// <summary>Who says the power, in words; null where nobody does.</summary>
    public string? PowerBy { get; init; }

    /// <summary>Whether devices are simulated, as the server says.</summary>
    public bool Simulated { get; init; }

    /// <summary>The server's clock runs so many times as fast as the wall's.</summary>
    public double Clock { get; init; } = 1;

    /// <summary>What sessions are held to.</summary>
    public IReadOnlyList<AgentTier> Tiers { get; init; } = [];

    /// <summary>Whether it was stopped before its end.</summary>
    public bool Interrupted { get; init; }

    /// <summary>Whether all loads tell their power.</summary>
    public bool IsPerMegawatt => Points.Count > 0 && Points.All(static point => point.PerMegawatt is not null);

    /// <summary>The largest load at which enough calls keep the SLO; null where none does, or there is no SLO.</summary>
    public SweepPoint? SloPoint => Slo is null ? null : Points.LastOrDefault(point => point.Attained >= Attain);

    /// <summary>The load after which speed falls faster than volume rises: of those that no other beats in both, the one farthest above the line between the ends. Null where there are not three.</summary>
    /// <remarks>Kneedle (Satopaa and others, 2011), of a curve that is measured at few loads and not smoothed.</remarks>
    public SweepPoint? Knee
    {
        get
        {
            List<SweepPoint> best = [.. Points.Where(point => double.IsFinite(point.UserSpeed)
                && !Points.Any(other => other.UserSpeed >= point.UserSpeed && Volume(other) >= Volume(point) && other != point)).OrderBy(static point => point.UserSpeed)];
            if (best.Count < 3)
            {
                return null;
            }

            var (slow, fast) = (best[0], best[^1]);
            return best.MaxBy(point =>
                ((point.UserSpeed - slow.UserSpeed) / (fast.UserSpeed - slow.UserSpeed)) + ((Volume(point) - Volume(fast)) / (Volume(slow) - Volume(fast))));
        }
    }

    /// <summary>The most sessions that keep a tier; null where none do.</summary>
    public SweepPoint? Most(AgentTier tier) => Points.LastOrDefault(tier.Keeps);

    /// <summary>What is drawn over speed.</summary>
    public double Volume(SweepPoint point) => IsPerMegawatt ? point.PerMegawatt!.Value : point.TokensPerSecond;
}
