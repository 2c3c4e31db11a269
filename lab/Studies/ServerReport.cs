namespace Crescent.Lab.Studies;

/// <summary>The runs of a study of servers.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Runs">In the order of the variants.</param>
public sealed record ServerReport(ServerStudyOptions Options, IReadOnlyList<ServerRun> Runs)
{
    /// <summary>All runs as JSON, without their watts over time.</summary>
    public string ToJson() => StudyJson.Text(
        new
        {
            Simulated = true,
            Trace = Options.Trace.Name,
            Fleet = Options.Fleet.ToString(),
            Options.Policy,
            PeakRequestsPerSecond = Options.PeakRate,
            Options.Day.Trough,
            DaySeconds = Options.Day.Seconds,
            Options.Days,
            Options.WakeSeconds,
            Options.SleepWatts,
            Runs = Runs.Select(static run => new
            {
                run.Variant,
                run.Result.Requests,
                run.Result.Refused,
                run.Result.SloAttainment,
                run.Result.TtftP50,
                run.Result.TtftP99,
                run.Result.ItlP99,
                run.Result.Tokens,
                run.Result.GpuHours,
                run.Result.Wakes,
                run.Result.Joules,
                run.Result.WallJoules,
                run.Result.TokensPerJoule,
                run.Result.TokensPerJouleAtWall,
                run.Result.MachineSeconds,
            }),
        });
}
