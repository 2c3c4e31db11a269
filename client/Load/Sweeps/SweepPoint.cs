using System.Text.Json.Nodes;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Reports;

namespace Crescent.Client.Load.Sweeps;

/// <summary>What came of one load of a sweep. Times and speeds are of the server's clock.</summary>
internal sealed record SweepPoint
{
    /// <summary>Calls or sessions at a time, or a second.</summary>
    public required double Load { get; init; }

    /// <summary>Output tokens a second in all, while all places were taken where there was such a time.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Tokens a second of a user, in the median; NaN where no answer had two tokens.</summary>
    public required double UserSpeed { get; init; }

    /// <summary>Tokens a second of a user that three of four have or more.</summary>
    public required double UserSpeedP25 { get; init; }

    /// <summary>Time to the first token, from the intended start, s.</summary>
    public required double FirstP50 { get; init; }

    /// <summary>95 of 100 have it sooner, s.</summary>
    public required double FirstP95 { get; init; }

    /// <summary>Time between tokens in the median, s.</summary>
    public required double TokenGap { get; init; }

    /// <summary>Share of the calls that were tried, and of those cut at the end that had waited too long already, which kept the SLO; those that were whole, where there is none.</summary>
    public required double Attained { get; init; }

    /// <summary>Share of calls that failed; NaN where none was measured to its end.</summary>
    public required double Errors { get; init; }

    /// <summary>Power, W; null where it is not told.</summary>
    public double? Watts { get; init; }

    /// <summary>Whether the generator was the bottleneck.</summary>
    public bool Degraded { get; init; }

    /// <summary>Whether it was measured while all places were taken.</summary>
    public bool Steady { get; init; }

    /// <summary>All of the run.</summary>
    public JsonObject? Run { get; init; }

    /// <summary>Output tokens a second of a megawatt; null where power is not told.</summary>
    public double? PerMegawatt => Watts is > 0 and var watts ? TokensPerSecond / watts * 1e6 : null;

    /// <summary>Of a run.</summary>
    /// <param name="load">Its load.</param>
    /// <param name="report">What it came to.</param>
    /// <param name="clock">The server's clock runs so many times as fast as the wall's.</param>
    /// <param name="power">Says its power, W.</param>
    public static SweepPoint Of(double load, LoadReport report, double clock, Func<LoadReport, double?> power)
    {
        var measures = report.Measures;
        var steady = IsSteady(report);
        return new SweepPoint
        {
            Load = load,
            TokensPerSecond = Rate(report) / clock,
            UserSpeed = At(measures.UserSpeed, 50) / clock,
            UserSpeedP25 = At(measures.UserSpeed, 25) / clock,
            FirstP50 = At(measures.FirstIntended, 50) * clock,
            FirstP95 = At(measures.FirstIntended, 95) * clock,
            TokenGap = At(measures.TokenGap, 50) * clock,
            Attained = measures.Tried > 0 ? (double)measures.Good / (measures.Tried + measures.Overdue) : 0,
            Errors = measures.Tried > 0 ? (double)measures.Failed / measures.Tried : double.NaN,
            Watts = power(report),
            Degraded = report.Degraded.Count > 0,
            Steady = steady,
            Run = RunDocument.Json(report),
        };
    }

    /// <summary>Output tokens a second of the wall's clock: while all places were taken, where there was such a time.</summary>
    public static double Rate(LoadReport report) => IsSteady(report) ? report.SteadyTokens : report.Figures["tokens_per_s"];

    private static bool IsSteady(LoadReport report) => double.IsFinite(report.SteadyTokens) && report.Measures.TokensPerChunk.Count > 0;

    private static double At(Histogram values, double percent) => values.Count > 0 ? values.Percentile(percent) : double.NaN;
}
