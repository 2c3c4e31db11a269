using System.Globalization;
using Crescent.Client.Load.Reports;
using Crescent.Plots;

namespace Crescent.Client.Load.Sweeps;

/// <summary>A sweep as a picture, and as a page.</summary>
internal static class SweepPicture
{
    /// <summary>Greatest volume of a megawatt of Hopper as NVIDIA publishes it, output tokens/s; neither model, precision nor the speed of a user is told.</summary>
    public const double HopperTokensPerSecond = 180_000;

    /// <summary>Greatest speed for one user of that megawatt, tokens/s.</summary>
    public const double HopperUserSpeed = 225;

    /// <summary>The picture.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="others">Earlier curves.</param>
    /// <param name="hopper">Whether the two published points of a megawatt of Hopper are drawn.</param>
    public static FrontierPicture Of(Sweep sweep, IReadOnlyList<FrontierLine> others, bool hopper)
    {
        var measured = sweep.Points.Where(static point => double.IsFinite(point.UserSpeed)).ToList();
        var marks = new List<(double, double, string)>();
        if (sweep.Knee is { } knee)
        {
            marks.Add((knee.UserSpeed, sweep.Volume(knee), knee == sweep.SloPoint ? $"knee, and the most with {sweep.Slo}" : "knee"));
        }

        if (sweep.SloPoint is { } slo && slo != sweep.Knee && double.IsFinite(slo.UserSpeed))
        {
            marks.Add((slo.UserSpeed, sweep.Volume(slo), $"the most with {sweep.Slo}"));
        }

        var shown = hopper && sweep.IsPerMegawatt;
        return new FrontierPicture
        {
            Title = $"{sweep.Model}: speed of a user against volume{(sweep.Simulated ? ", simulated devices" : "")}",
            Speed = "output tokens/s per user (median)",
            Volume = sweep.IsPerMegawatt ? "output tokens/s per MW" : "output tokens/s",
            Lines = [new FrontierLine($"this sweep, labels: {Axis(sweep.Axis)}", [.. measured.Select(point => (point.UserSpeed, sweep.Volume(point), RunComparison.Number(point.Load)))]), .. others],
            Marks = marks,
            MostVolume = shown ? (HopperTokensPerSecond, "published, 1 MW of Hopper: 180,000 tokens/s at the most") : null,
            MostSpeed = shown ? (HopperUserSpeed, "published, 1 MW of Hopper: 225 tokens/s for one user") : null,
            Notes = [Note(sweep), sweep.Command],
        };
    }

    /// <summary>What the numbers are.</summary>
    public static string Note(Sweep sweep)
    {
        var notes = new List<string> { sweep.Simulated ? "Simulated: the server says that its devices are models of time and power." : "Measured." };
        if (sweep.PowerBy is { } power)
        {
            notes.Add($"Power: {power}.");
        }

        if (sweep.Clock != 1)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"The server's clock ran {sweep.Clock:G4} times as fast as the wall's; all figures are in its time."));
        }

        var degraded = sweep.Points.Where(static point => point.Degraded).Select(static point => RunComparison.Number(point.Load)).ToList();
        if (degraded.Count > 0)
        {
            notes.Add($"The generator was a bottleneck at {string.Join(", ", degraded)}.");
        }

        return string.Join(' ', notes);
    }

    /// <summary>What loads are, in words.</summary>
    public static string Axis(SweepAxis axis) => axis switch
    {
        SweepAxis.Rate => "requests/s",
        SweepAxis.Agents => "agents",
        SweepAxis.Speed => "times the trace's speed",
        _ => "requests at a time",
    };
}
