namespace Crescent.Lab.Studies;

/// <summary>The runs of a study of sessions.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="FullRate">Sessions a second that load 1 stands for.</param>
/// <param name="Runs">In the order of loads, variants, seeds.</param>
public sealed record SessionReport(SessionStudyOptions Options, double FullRate, IReadOnlyList<SessionRunResult> Runs)
{
    /// <summary>All runs as JSON, without their watts over time.</summary>
    public string ToJson() => StudyJson.Text(
        new
        {
            Simulated = true,
            Trace = Options.Trace.Name,
            Fleet = Options.Fleet.ToString(),
            Options.Policy,
            FullSessionsPerSecond = FullRate,
            Runs = Runs.Select(static run => new
            {
                run.Variant,
                run.Load,
                run.Seed,
                run.Result.Tasks,
                run.Result.Unfinished,
                run.Result.MeanTaskSeconds,
                run.Result.TaskSecondsP50,
                run.Result.TaskSecondsP90,
                run.Result.MeanCallSeconds,
                run.Result.CallSecondsP90,
                run.Result.SloAttainment,
                run.Result.CallsPerSecond,
                run.Result.Fairness,
                run.Result.CachedShare,
                run.Result.Fleet.TokensPerJoule,
                run.Result.Fleet.TtftP50,
                run.Result.Fleet.TtftP99,
                run.Result.Fleet.Preemptions,
                run.Result.Fleet.MachineSeconds,
            }),
        });
}
