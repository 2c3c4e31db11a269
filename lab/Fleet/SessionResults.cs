namespace Crescent.Lab.Fleet;

/// <summary>Sums up a run of sessions.</summary>
internal static class SessionResults
{
    public static SessionResult Of(SessionLoad load, FleetResult fleet, SessionLoadOptions options, double now)
    {
        var tasks = load.Measured.Where(static task => task.Calls > 0 || !task.IsDone).ToList();
        foreach (var task in tasks.Where(static task => !task.IsDone))
        {
            task.EndedAt = now;
        }

        var times = tasks.Select(static task => task.EndedAt - task.BeganAt).Order().ToArray();
        var calls = tasks.Select(static task => task.CallSeconds).Order().ToArray();
        var shares = tasks.Where(static task => task.CallSeconds > 0).Select(static task => task.Work / task.CallSeconds).ToList();
        var squares = shares.Sum(static share => share * share);
        return new SessionResult(fleet)
        {
            Tasks = tasks.Count,
            Unfinished = tasks.Count(static task => !task.IsDone),
            MeanTaskSeconds = times.DefaultIfEmpty(double.NaN).Average(),
            TaskSecondsP50 = FleetResults.Percentile(times, 0.5),
            TaskSecondsP90 = FleetResults.Percentile(times, 0.9),
            MeanCallSeconds = calls.DefaultIfEmpty(double.NaN).Average(),
            CallSecondsP90 = FleetResults.Percentile(calls, 0.9),
            SloAttainment = (double)load.WindowGood / load.WindowCalls,
            SpeedP25 = 1 / FleetResults.Percentile(FleetResults.Itls(load.Answered), 0.75),
            TtftP95 = FleetResults.Percentile(FleetResults.Ttfts(load.Answered), 0.95),
            NewTokensP95 = FleetResults.Percentile([.. load.Answered.Select(static call => (double)call.Uncached).Order()], 0.95),
            WindowWatts = fleet.Watts.Skip(Bin(options.WarmUpSeconds)).Take(Bin(options.EndSeconds) - Bin(options.WarmUpSeconds)).DefaultIfEmpty(double.NaN).Average(),
            CallsPerSecond = load.WindowCalls / options.WindowSeconds,
            Fairness = squares == 0 ? 1 : shares.Sum() * shares.Sum() / (shares.Count * squares),
            CachedShare = (double)fleet.CachedTokens / fleet.PromptTokens,
        };
    }

    private static int Bin(double seconds) => (int)(seconds / PowerMeter.BinSeconds);
}
