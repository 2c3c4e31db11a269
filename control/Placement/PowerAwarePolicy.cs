namespace Crescent.Control.Placement;

/// <summary>
/// The device where a call meets its promise at the least energy:
/// <c>score = phi(TTFT / m SLO) + phi(ITL / m SLO) + wE dE / Eref + wP sum(price / headroom) dP + wK e^(8 (kv - 1)) + wS stalled + wR recomputed</c>, with
/// <c>phi(u) = u + e^(8 (u - 1))</c>, a slope as long as there is slack and a wall at the limit.
/// </summary>
/// <remarks>
/// TTFT is the queue and the part of the prompt that no cache holds; ITL a step with one sequence more, lengthened by the prompts the device
/// computes beside it; dE the prompt's energy, what one sequence more adds to each step, and the device's base power for as long as the call
/// is expected to keep it from idling: all of its time on an idle device, a 1/(B+1) of it beside B others. dP is the most that the call
/// adds in the next second. Stalled are the outputs that the prompts, those that wait and the call's, are expected to make too slow; recomputed is what the calls behind it lose by a prompt
/// that another device would not have to compute. All times are those at the clock that the device's cap allows.
/// </remarks>
public sealed class PowerAwarePolicy(PowerWeights? weights = null) : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "power-aware";

    /// <summary>Above this share of a limit the wall is no steeper: numbers stay finite, and what is hopeless here may still be more so there.</summary>
    private const double Overdue = 3;

    /// <summary>A call may take this many times what it takes alone before it counts as late for load and not for its size.</summary>
    private const double AloneFactor = 2;

    /// <summary>Share of the promised time between tokens that is left for prompts at least, however long a step is.</summary>
    private const double LeastRoom = 0.1;

    /// <summary>
    /// Share of the promised time to first token above which the clock of a device's prompts has risen, if watts are there: caps that follow the queue let it take half of
    /// that time, and the rest is for the reports until they do.
    /// </summary>
    private const double RiseShare = 0.7;

    private readonly PowerWeights _weights = weights ?? new PowerWeights();

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames { get; } =
        ["phi(seconds to first token / SLO)", "phi(seconds between tokens / SLO)", "added J / reference J", "price x added W / headroom W", "KV memory", "outputs stalled, prompts computed again"];

    /// <inheritdoc/>
    public bool CountsOthers => true;

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view)
    {
        if (!view.TryFindGate(call, out var wanted))
        {
            return PlacementDecision.None;
        }

        var perTtft = _weights.Latency / (_weights.Margin * call.Level.TtftSeconds);
        var perItl = _weights.Latency / (_weights.Margin * call.Level.ItlSeconds);
        var rise = RiseShare * call.Level.TtftSeconds;
        var perJoule = _weights.Energy / view.ReferenceJoules(call);
        var cache = FindBestCache(view);
        var best = PlacementDecision.None;
        var bestScore = double.PositiveInfinity;
        var forecasts = view.Forecasts;
        for (var i = 0; i < forecasts.Length; i++)
        {
            // No term is below these, and most devices are out of the question by them: walls and gates cost more to look at. The first leave out what is
            // never below zero and takes a division.
            ref readonly var memory = ref forecasts[i];
            var prompt = (_weights.Overlap ? view.Uncached(call, i) : call.PromptTokens) * memory.PromptSeconds;
            if ((Math.Min(rise, memory.QueueSeconds + prompt) * perTtft) + (memory.StepSeconds * perItl)
                + (((memory.PromptWatts * prompt) + (call.ExpectedTokens * memory.StepJoules)) * perJoule) >= bestScore)
            {
                continue;
            }

            var forecast = Foresee(call, view, i, memory, cache);
            if ((forecast.TtftSeconds * perTtft) + (forecast.ItlSeconds * perItl) + (forecast.Joules * perJoule) >= bestScore
                || view.Gate(call, i) != wanted)
            {
                continue;
            }

            var terms = Score(call, view, i, forecast, null);
            if (terms.Score < bestScore)
            {
                (best, bestScore) = (new PlacementDecision(i, terms), terms.Score);
            }
        }

        return best.IsPlaced && call.MayShed && _weights.ShedAbove > 0 && IsTooLate(call, view, best.Device) ? PlacementDecision.Shed : best;
    }

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device) =>
        Score(call, view, device, Foresee(call, view, device, view.Forecasts[device], FindBestCache(view)), null);

    private PlacementTerms Score(in PlacementCall call, FactoryView view, int device, in CallForecast forecast, double? watts)
    {
        ref readonly var memory = ref view.Forecasts[device];
        ref readonly var state = ref view.Devices[device];
        var kv = (memory.UsedPositions + call.PromptTokens + call.ExpectedTokens) / memory.TotalPositions;
        return new PlacementTerms(
            _weights.Latency * Phi(forecast.TtftSeconds / (_weights.Margin * call.Level.TtftSeconds)),
            _weights.Latency * Phi(forecast.ItlSeconds / (_weights.Margin * call.Level.ItlSeconds)),
            _weights.Energy * forecast.Joules / view.ReferenceJoules(call),
            state.PointsPerWatt is > 0 and var price ? _weights.Power * price * (watts ?? view.AddedWatts(call, device)) : 0,
            _weights.Kv * Wall(kv),
            (_weights.Stall * Stalled(call, view, memory, PromptSeconds(memory, Uncached(call, view, device), call.PromptTokens))) + (_weights.Recompute * Recomputed(call, view, device, memory)));
    }

    /// <summary>The points of one device with what they are made of, in seconds, joules and watts.</summary>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device, out CallForecast forecast)
    {
        forecast = Foresee(call, view, device);
        return Score(call, view, device, forecast, forecast.Watts);
    }

    /// <summary>What the scores are made of, in seconds, joules and watts.</summary>
    public CallForecast Foresee(in PlacementCall call, FactoryView view, int device) => Foresee(call, view, device, view.Forecasts[device], FindBestCache(view)) with { Watts = view.AddedWatts(call, device) };

    private CallForecast Foresee(in PlacementCall call, FactoryView view, int device, in DeviceForecast forecast, in BestCache cache)
    {
        var uncached = Uncached(call, view, device);
        var prompt = PromptSeconds(forecast, uncached, call.PromptTokens);
        var step = forecast.StepSeconds + ((call.PromptTokens + (call.ExpectedTokens / 2)) * forecast.ContextSeconds);
        var batch = forecast.Batch;

        // Where the best cache is burdened with what others of this prompt have just brought, the call would bring the same to this device.
        var again = batch == 0 ? 0 : Math.Max(0, cache.Tokens - (call.PromptTokens - uncached)) / uncached * prompt / DeviceForecast.BurstSeconds;
        var share = Math.Min(DeviceForecast.MostPromptShare, forecast.PromptShare + Math.Min(again, cache.UnseenShare));

        // Prompts lengthen it up to what is planned with and no further: an engine computes no more of them in a step than the promise leaves room for.
        var itl = Math.Max(step, Math.Min(step / (1 - share), _weights.Margin * call.Level.ItlSeconds));
        var awake = batch == 0 ? 0 : forecast.AwakeWatts * call.ExpectedTokens * itl / (batch + 1);
        var joules = (forecast.PromptWatts * prompt) + (call.ExpectedTokens * forecast.StepJoules) + awake;
        return new CallForecast(Risen(call, view, device, forecast, forecast.QueueSeconds + prompt), itl, joules, 0);
    }

    /// <summary>What a time to first token at the clock in force becomes when the clock rises with the queue, as far as the budget lets it.</summary>
    private static double Risen(in PlacementCall call, FactoryView view, int device, in DeviceForecast forecast, double seconds)
    {
        var rise = RiseShare * call.Level.TtftSeconds;
        return seconds > rise && view.PromptClockWhenBusy(device) is var clock && clock > forecast.PromptClock
            ? Math.Max(rise, seconds * forecast.PromptClock / clock)
            : seconds;
    }

    /// <summary>
    /// Outputs of the device whose mean time between tokens gets above the promise when its prompts, the call's included, are computed within
    /// them: an output of n times between tokens bears n times the room between a step and the promise. Those that wait all have it before them;
    /// of those that run the short ones are few.
    /// </summary>
    private static double Stalled(in PlacementCall call, FactoryView view, in DeviceForecast forecast, double promptSeconds)
    {
        var room = Math.Max(LeastRoom * call.Level.ItlSeconds, call.Level.ItlSeconds - forecast.StepSeconds);
        var shorter = view.Lengths.Below((forecast.QueuedPromptSeconds + promptSeconds) / room, out var shorterNow);
        return (Math.Min(forecast.Queued, forecast.Batch) * shorter) + (Math.Max(0, forecast.Batch - forecast.Queued) * shorterNow);
    }

    /// <summary>
    /// What others lose by a prompt that is computed again although a device holds it: as many calls as come before the queue is worked off wait for it,
    /// and each of them loses the points that the longer queue costs. Where prompts take most of the time that is the whole price of moving a session.
    /// </summary>
    private double Recomputed(in PlacementCall call, FactoryView view, int device, in DeviceForecast memory)
    {
        var most = _weights.Overlap && view.BestCache is >= 0 and var best ? (double)view.CachedBlocks(best) * view.Forecasts[best].BlockSize : 0;
        double uncached = view.Uncached(call, device);
        var again = most - (call.PromptTokens - uncached);
        if (again <= 0 || view.Flows.CallSeconds(view.Devices[device].Model) is not (> 0 and var each))
        {
            return 0;
        }

        var queue = memory.QueueSeconds + PromptSeconds(memory, uncached, call.PromptTokens);
        var without = memory.QueueSeconds + PromptSeconds(memory, Math.Max(1, uncached - again), call.PromptTokens);
        var behind = memory.LastingShare * memory.PromptClock / each * queue / (1 - memory.LastingShare);
        var limit = _weights.Margin * call.Level.TtftSeconds;
        return behind * (Phi(queue / limit) - Phi(without / limit));
    }

    private double Uncached(in PlacementCall call, FactoryView view, int device) => _weights.Overlap ? view.Uncached(call, device) : call.PromptTokens;

    private static double PromptSeconds(in DeviceForecast forecast, double uncached, int promptTokens) =>
        (uncached * forecast.PromptSeconds) + (uncached * (promptTokens - (uncached / 2)) * forecast.PromptPairSeconds);

    /// <summary>
    /// The device that holds most of the call in hand, or is about to. Siblings come within moments: what the first of them brought burdens it alone
    /// in the forecasts, and would drive the others away to bring the same to every other device.
    /// </summary>
    private BestCache FindBestCache(FactoryView view)
    {
        var device = _weights.Overlap ? view.BestCache : -1;
        return device < 0
            ? default
            : new BestCache((double)view.CachedBlocks(device) * view.Forecasts[device].BlockSize, view.Forecasts[device].UnseenShare);
    }

    private bool IsTooLate(in PlacementCall call, FactoryView view, int device)
    {
        // A governor that saves watts lets clocks rise when load does: what counts is what the device can do then.
        var forecast = Foresee(call, view, device, view.ForecastWhenBusy(device), default);
        var profile = view.Devices[device].Profile;
        var steps = 1 + (call.PromptTokens / Math.Max(1, view.Devices[device].Load.MaxStepTokens));
        var ttft = profile.PromptTime(call.PromptTokens) + (steps * profile.StepSeconds);
        var itl = profile.DecodeSeconds(1, call.PromptTokens);
        return forecast.TtftSeconds > _weights.ShedAbove * Math.Max(call.Level.TtftSeconds, AloneFactor * ttft)
            || forecast.ItlSeconds > _weights.ShedAbove * Math.Max(call.Level.ItlSeconds, AloneFactor * itl);
    }

    private static double Phi(double u) => u + Wall(u);

    private static double Wall(double u) => Math.Exp(8 * (Math.Min(u, Overdue) - 1)) * (1 + (8 * Math.Max(0, u - Overdue)));

    /// <summary>What the best cache for a call holds of it.</summary>
    /// <param name="Tokens">Tokens of the prompt.</param>
    /// <param name="UnseenShare">Share of a burst's time that prompts take which were placed there since its report.</param>
    private readonly record struct BestCache(double Tokens, double UnseenShare);
}
