namespace Crescent.Lab.Fleet;

/// <content>What a run gave.</content>
public sealed partial class VirtualFleet
{
    private FleetResult Result(double machineSeconds)
    {
        var served = _calls.Where(static call => call is { Failed: false, EndedAt: > 0 }).ToList();
        var good = served.Where(IsGood).ToList();
        var (ttft, itl) = (FleetResults.Ttfts(_calls), FleetResults.Itls(_calls));
        var counters = _devices.Select(static device => device.Counters).ToList();
        var watts = _meter.Bins.Select(static joules => joules / PowerMeter.BinSeconds).ToArray();
        var (over, worst) = _levels.Excess(watts, _meter);
        var seconds = _lastAt - StartSeconds;
        var awake = _servers?.AwakeSeconds ?? (_options.Spec.Nodes * seconds);
        return new FleetResult
        {
            Requests = _calls.Count,
            Moves = _calls.Sum(static call => call.Moves),
            Refused = _calls.Count(static call => call.Tokens == 0 && !call.IsCancelled),
            Good = good.Count,
            Late = served.Count(call => call.Ttft > _options.Level.TtftSeconds),
            Slow = served.Count(call => call.Itl > _options.Level.ItlSeconds),
            Tokens = _calls.Sum(static call => (long)call.Tokens),
            GoodTokens = good.Sum(static call => (long)call.Tokens),
            PromptTokens = counters.Sum(static counter => counter.PromptTokens),
            CachedTokens = counters.Sum(static counter => counter.PrefixHitTokens + counter.HostHitTokens),
            Preemptions = counters.Sum(static counter => counter.Preemptions),
            Joules = _meter.Joules,
            IdleJoules = _meter.IdleJoules,
            WallJoules = (awake * FleetSpec.NodeWatts) + (FleetSpec.NodeFactor * _meter.Joules) + ((_servers?.AsleepSeconds ?? 0) * (_options.Servers?.SleepWatts ?? 0)),
            GpuHours = awake / _options.Spec.Nodes * _options.Spec.GpuCount / 3600,
            Wakes = _servers?.Wakes ?? 0,
            BusyShare = _meter.BusySeconds / (seconds * _devices.Length),
            PromptShare = _meter.BusySeconds > 0 ? _meter.PromptSeconds / _meter.BusySeconds : 0,
            MostKvShare = _mostKvShare,
            Seconds = seconds,
            BudgetWatts = _levels.WattsAt(_lastAt - StartSeconds),
            TtftP50 = FleetResults.Percentile(ttft, 0.5),
            TtftP99 = FleetResults.Percentile(ttft, 0.99),
            ItlP50 = FleetResults.Percentile(itl, 0.5),
            ItlP99 = FleetResults.Percentile(itl, 0.99),
            OverBudgetSeconds = over,
            WorstExcess = worst,
            Watts = watts,
            MachineSeconds = machineSeconds,
        };
    }
}
