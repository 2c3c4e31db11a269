using System.CommandLine;
using System.Globalization;
using Crescent.Client.Connections;
using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Runs;
using Crescent.Client.Load.Sweeps;
using Crescent.Lab.Traces;

namespace Crescent.Client.Commands;

/// <summary>The options of <c>load</c> that say what is sent, and when.</summary>
/// <param name="swept">Whether a sweep says how many at a time, or how many a second.</param>
internal sealed class LoadPatternOptions(bool swept = false)
{
    private const int DefaultConcurrency = 8;
    private const long DefaultRequests = 100;

    private readonly Option<int?> _concurrency = NumberOption.Create<int>(
        "--concurrency", $"Closed loop: so many at a time, each followed by the next (default: {DefaultConcurrency}, where no other pattern is named)", "N", "a whole number from 1 to 16,000", static v => v is >= 1 and <= 16_000);

    private readonly Option<double?> _rate = NumberOption.Create<double>(
        "--rate", "Open loop: so many a second, whatever becomes of those before", "R", "a number above 0 and at most 1,000,000", static v => v is > 0 and <= 1e6);

    private readonly Option<string> _arrivals = new("--arrivals")
    {
        Description = "How gaps of --rate are drawn: poisson, constant, or gamma:CV (a coefficient of variation, above 1 for bursts)",
        HelpName = "KIND",
        DefaultValueFactory = static _ => "poisson",
    };

    private readonly Option<string?> _burst = new("--burst") { Description = "Open loop: so many at once, each so often, such as 100:10s", HelpName = "N:TIME" };
    private readonly Option<double?> _ramp = TimeOption.Create("--ramp", "Grow from nothing to the --rate or --concurrency over this time (default: at once)", 0, 86_400);

    private readonly Option<FileInfo?> _trace = new("--trace")
    {
        Description = "Replay a file: arrivals as they were (Azure's CSV, Mooncake's JSON lines), sessions of coding agents (JSON lines, also .gz) with --concurrency or --rate of sessions, or Mooncake's JSON lines with sessions or calls that wait for others, at their moments or with --concurrency or --rate of sessions",
        HelpName = "FILE",
    };

    private readonly Option<double?> _speed = NumberOption.Create<double>("--speed", "Replay arrivals so many times as fast (default: 1)", "X", "a number from 0.001 to 1000", static v => v is >= 0.001 and <= 1000);
    private readonly Option<double?> _pauses = NumberOption.Create<double>("--pauses", "Pauses of recorded sessions are so many times as long (default: 1)", "X", "a number from 0 to 1000", static v => v is >= 0 and <= 1000);
    private readonly Option<int?> _context = NumberOption.Create<int>("--max-context", "Leave out calls of a trace with more tokens, prompt and answer together; sessions end before them (default: none)", "N", "a whole number of at least 2", static v => v >= 2);
    private readonly Option<long?> _requests = NumberOption.Create<long>("--requests", $"Begin so many calls, or sessions, and no more (default: {DefaultRequests}, where there is no --seconds and no trace of arrivals)", "N", "a whole number of at least 1", static v => v >= 1);
    private readonly Option<double?> _seconds = TimeOption.Create("--seconds", "Begin none after this", 0.001, 604_800);
    private readonly Option<Distribution?> _prompt = DistributionOption.OfCounts("--prompt", "Tokens of a prompt, beyond what is shared; with --turns of what each adds (default: 128)");
    private readonly Option<Distribution?> _output = DistributionOption.OfCounts("--output", "Tokens that an answer may have (default: 64)");
    private readonly Option<string?> _shared = new("--shared") { Description = "Prompts begin with so many tokens in common, in so many groups, such as 2000 or 2000:8", HelpName = "N:GROUPS" };
    private readonly Option<bool> _system = new("--system") { Description = "Chats have what --shared names as a message of the system (default: it stands in the first one of the user)" };
    private readonly Option<Distribution?> _turns = DistributionOption.OfCounts("--turns", "Conversations of so many turns, each with all before it in its messages (default: single calls)");
    private readonly Option<Distribution?> _think = DistributionOption.OfTimes("--think", "From an answer to the next turn (default: 0)");
    private readonly Option<double?> _cancelShare = NumberOption.Create<double>("--cancel-rate", "Share of calls that are given up (default: 0)", "X", "a number from 0 to 1", static v => v is >= 0 and <= 1);
    private readonly Option<Distribution?> _cancelAfter = DistributionOption.OfTimes("--cancel-after", "How long after their start (default: exponential:1s)");
    private readonly Option<double?> _slowShare = NumberOption.Create<double>("--slow-readers", "Share of calls whose client reads slowly; they are not measured, but for what they do to others (default: 0)", "X", "a number from 0 to 1", static v => v is >= 0 and <= 1);
    private readonly Option<double?> _slowPause = TimeOption.Create("--slow-pause", "How long such a client pauses between two reads (default: 500ms)", 0.001, 3600);
    private readonly Option<int?> _inFlight = NumberOption.Create<int>("--max-in-flight", $"Calls in flight at the most; others wait, which counts from the intended start (default: {LoadRunOptions.DefaultMostInFlight})", "N", "a whole number from 1 to 16,000", static v => v is >= 1 and <= 16_000);
    private readonly StableOptions _stable = new();
    private readonly Option<long?> _seed = NumberOption.Create<long>("--seed", "Of all that is drawn: the same seed sends the same (default: 0)", "N", "a whole number of at least 0", static v => v >= 0);

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[
            _concurrency, _rate, _arrivals, _burst, _ramp, _trace, _speed, _pauses, _context, _requests, _seconds, _prompt, _output, _shared, _system, _turns, _think, _cancelShare, _cancelAfter, _slowShare, _slowPause, _inFlight, _seed])
        {
            if (!swept || (option != _concurrency && option != _rate && option != _burst))
            {
                command.Options.Add(option);
            }
        }

        _stable.AddTo(command);
        _trace.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var path }] && !File.Exists(path))
            {
                result.AddError($"--trace names a file that does not exist: {path}");
            }
        });
        command.Validators.Add(result =>
        {
            Option[] patterns = [_concurrency, _rate, _burst];
            if (patterns.Count(option => result.GetResult(option) is not null) > 1)
            {
                result.AddError("--concurrency, --rate and --burst exclude each other: each is a pattern.");
            }

            if (!swept && result.GetResult(_arrivals) is { Implicit: false } && result.GetResult(_rate) is null)
            {
                result.AddError("--arrivals goes with --rate.");
            }

            if (result.GetResult(_trace) is not null && ((Option[])[_prompt, _output, _shared, _system, _turns, _think]).FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } told)
            {
                result.AddError($"{told.Name} does not go with --trace, which says it.");
            }

            if (result.GetResult(_think) is not null && result.GetResult(_turns) is null)
            {
                result.AddError("--think goes with --turns.");
            }

            foreach (var (part, whole) in ((Option, Option)[])[(_speed, _trace), (_pauses, _trace), (_context, _trace), (_system, _shared), (_cancelAfter, _cancelShare), (_slowPause, _slowShare)])
            {
                if (result.GetResult(part) is { Implicit: false } && result.GetResult(whole) is null)
                {
                    result.AddError($"{part.Name} goes with {whole.Name}.");
                }
            }
        });
    }

    /// <summary>Checks that what is sent has a place at an endpoint, and that its answers have the figures that are to hold.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="endpoint">What is asked.</param>
    /// <param name="streams">Whether answers come as events.</param>
    /// <exception cref="FactoryException">They have not.</exception>
    public void Check(ParseResult parsed, LoadEndpoint endpoint, bool streams)
    {
        _stable.Check(parsed, endpoint, streams);
        if (parsed.GetValue(_system) && endpoint is not (LoadEndpoint.Chat or LoadEndpoint.Responses))
        {
            throw new FactoryException("--system is of chats, and what is asked there has no messages", "Leave it out, or ask --endpoint chat or responses.");
        }
    }

    public long Seed(ParseResult parsed) => parsed.GetValue(_seed) ?? 0;

    public int MostInFlight(ParseResult parsed) => parsed.GetValue(_inFlight) ?? LoadRunOptions.DefaultMostInFlight;

    public double MostSeconds(ParseResult parsed, double otherwise = double.PositiveInfinity) => parsed.GetValue(_seconds) ?? (double.IsInfinity(otherwise) && _stable.Has(parsed) && parsed.GetValue(_requests) is null ? StableOptions.MostSeconds : otherwise);

    /// <summary>Which figures are to hold for a run to end; null for none.</summary>
    public StableGoal? Stable(ParseResult parsed, RequestForm form) => _stable.Goal(parsed, form.Endpoint != LoadEndpoint.Embeddings);

    public SlowReaders Slow(ParseResult parsed) => new(parsed.GetValue(_slowShare) ?? 0, parsed.GetValue(_slowPause) ?? 0.5);

    public double Ramp(ParseResult parsed) => parsed.GetValue(_ramp) ?? 0;

    /// <summary>What is sent.</summary>
    /// <exception cref="FactoryException">The options do not go together, or the trace cannot be read.</exception>
    public LoadPattern Pattern(ParseResult parsed) => Pattern(
        parsed, Seed(parsed), parsed.GetValue(_rate), parsed.GetValue(_concurrency), parsed.GetValue(_requests) ?? (parsed.GetValue(_seconds) is null && !_stable.Has(parsed) ? DefaultRequests : long.MaxValue));

    /// <summary>What is sent at one load of a sweep.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="axis">What the sweep goes over.</param>
    /// <param name="load">How much of it.</param>
    /// <param name="seed">Of all that is drawn: another one at each load, so that none finds the prompts of the one before cached.</param>
    /// <exception cref="FactoryException">The options do not go together, or the trace cannot be read.</exception>
    public LoadPattern Pattern(ParseResult parsed, SweepAxis axis, double load, long seed)
    {
        var trace = parsed.GetValue(_trace);
        var hasSessions = trace is null ? parsed.GetValue(_turns) is not null : SessionFile.IsOne(trace.FullName) || WorkflowFile.IsOne(trace.FullName);
        return axis != SweepAxis.Rate && parsed.GetResult(_arrivals) is { Implicit: false }
            ? throw new FactoryException("--arrivals goes with a sweep --over rate: no other one draws when calls come", "Leave it out, or sweep --over rate.")
            : axis == SweepAxis.Agents && !hasSessions
            ? throw new FactoryException("An agent is a session, and single calls are none", "Give --turns, or a --trace of sessions; or sweep --over concurrency.")
            : axis == SweepAxis.Rate && trace is not null && !hasSessions
            ? throw new FactoryException("A trace of arrivals says itself when calls come", "Sweep it --over speed, or --over concurrency.")
            : axis == SweepAxis.Speed && (trace is null || SessionFile.IsOne(trace.FullName) || parsed.GetValue(_speed) is not null)
            ? throw new FactoryException("A sweep over speed is one of a --trace that tells when calls or sessions begin, and says the speed itself", "Give such a trace and no --speed, or sweep --over concurrency.")
            : axis == SweepAxis.Speed
            ? Pattern(parsed, seed, null, null, parsed.GetValue(_requests) ?? long.MaxValue, load)
            : Pattern(parsed, seed, axis == SweepAxis.Rate ? load : null, axis == SweepAxis.Rate ? null : (int)load, parsed.GetValue(_requests) ?? long.MaxValue);
    }

    private LoadPattern Pattern(ParseResult parsed, long seed, double? rate, int? atATime, long most, double? times = null)
    {
        var speed = times ?? parsed.GetValue(_speed);
        var arrivals = OpenLoop(parsed, seed, rate);
        var concurrency = arrivals is null ? atATime ?? DefaultConcurrency : 0;
        var cancellation = new Cancellation(parsed.GetValue(_cancelShare) ?? 0, parsed.GetValue(_cancelAfter) ?? Distribution.Parse("exponential:1s", TimeText.Seconds)!);
        if (parsed.GetValue(_trace) is not { } trace)
        {
            var (tokens, groups) = Shared(parsed.GetValue(_shared));
            var plain = new SyntheticOptions();
            return new LoadPattern(
                new SyntheticScripts(plain with
                {
                    Seed = seed,
                    Arrivals = arrivals,
                    PromptTokens = parsed.GetValue(_prompt) ?? plain.PromptTokens,
                    OutputTokens = parsed.GetValue(_output) ?? plain.OutputTokens,
                    SharedTokens = tokens,
                    SharedGroups = groups,
                    SharedIsSystem = parsed.GetValue(_system),
                    Turns = parsed.GetValue(_turns),
                    ThinkSeconds = parsed.GetValue(_think) ?? plain.ThinkSeconds,
                    Cancellation = cancellation,
                }),
                concurrency,
                most);
        }

        try
        {
            return SessionFile.IsOne(trace.FullName)
                ? Sessions(parsed, trace, arrivals, concurrency, most, seed, cancellation)
                : WorkflowFile.IsOne(trace.FullName)
                ? Workflows(parsed, trace, arrivals, atATime, most, seed, speed, cancellation)
                : Arrivals(parsed, trace, atATime ?? 0, seed, speed ?? 1, cancellation);
        }
        catch (Exception e) when (e is FormatException or IOException or InvalidDataException)
        {
            throw new FactoryException(e.Message, "Give a file that --trace takes; see --help.", e);
        }
    }

    private LoadPattern Sessions(ParseResult parsed, FileInfo trace, Arrivals? arrivals, int concurrency, long most, long seed, Cancellation cancellation)
    {
        if (parsed.GetValue(_speed) is not null)
        {
            throw new FactoryException("--speed is of traces of arrivals", "Use --pauses and --rate with sessions.");
        }

        var sessions = SessionFile.Read(trace.FullName);
        sessions = parsed.GetValue(_context) is { } context ? sessions.Within(context) : sessions;
        return new LoadPattern(new SessionScripts(sessions, arrivals, parsed.GetValue(_pauses) ?? 1, seed, cancellation), concurrency, most);
    }

    private LoadPattern Workflows(ParseResult parsed, FileInfo trace, Arrivals? arrivals, int? atATime, long most, long seed, double? speed, Cancellation cancellation)
    {
        var workflows = WorkflowFile.Read(trace.FullName);
        workflows = parsed.GetValue(_context) is { } context ? workflows.Within(context) : workflows;
        var atTheirMoments = arrivals is null && atATime is null && workflows.HasTimes;
        if (atTheirMoments ? parsed.GetResult(_ramp) is not null : speed is not null)
        {
            throw new FactoryException(
                atTheirMoments ? "--ramp does not go with sessions that begin at their own moments" : "Only sessions that begin at their own moments have a speed, and these begin by --concurrency or --rate",
                atTheirMoments ? "Use --speed." : "Use --pauses, which says how long pauses are, with a trace that tells when sessions begin leave out --concurrency and --rate.");
        }

        var pace = new WorkflowPace(atTheirMoments ? speed ?? 1 : null, arrivals, parsed.GetValue(_pauses) ?? 1);
        return new LoadPattern(
            new WorkflowScripts(workflows, pace, seed, cancellation),
            atTheirMoments || arrivals is not null ? 0 : atATime ?? DefaultConcurrency,
            atTheirMoments ? parsed.GetValue(_requests) ?? long.MaxValue : most);
    }

    private LoadPattern Arrivals(ParseResult parsed, FileInfo trace, int concurrency, long seed, double speed, Cancellation cancellation)
    {
        if (((Option[])[_rate, _burst, _pauses, _ramp]).FirstOrDefault(option => parsed.GetResult(option) is not null) is { } other)
        {
            throw new FactoryException($"{other.Name} does not go with a trace of arrivals, which says when calls come", "Use --speed.");
        }

        var scripts = new TraceScripts(TraceFile.Read(trace.FullName), speed, parsed.GetValue(_context) ?? int.MaxValue, seed, cancellation);

        // With --concurrency the calls of the trace come one after the other, as fast as they are answered.
        return new LoadPattern(scripts, concurrency, parsed.GetValue(_requests) ?? long.MaxValue) { TooLong = () => scripts.TooLong };
    }

    private Arrivals? OpenLoop(ParseResult parsed, long seed, double? perSecond)
    {
        var ramp = Ramp(parsed);
        if (parsed.GetValue(_burst) is { } burst)
        {
            var colon = burst.IndexOf(':', StringComparison.Ordinal);
            return colon > 0
                && int.TryParse(burst.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 16_000
                && TimeText.Seconds(burst[(colon + 1)..]) is > 0 and var every && ramp == 0
                ? Load.Plans.Arrivals.Bursts(count, every)
                : throw new FactoryException($"--burst takes N:TIME, N up to 16,000 and without --ramp, not '{burst}'", "Write 100:10s, for example.");
        }

        if (perSecond is not { } rate)
        {
            return null;
        }

        var kind = parsed.GetRequiredValue(_arrivals);
        return kind switch
        {
            "poisson" => Load.Plans.Arrivals.Poisson(rate, seed, ramp),
            "constant" => Load.Plans.Arrivals.Constant(rate, ramp),
            _ when kind.StartsWith("gamma:", StringComparison.Ordinal) && Distribution.Number(kind[6..]) is >= 0.05 and <= 20 and var variation => Load.Plans.Arrivals.Gamma(rate, variation, seed, ramp),
            _ => throw new FactoryException($"--arrivals takes poisson, constant, or gamma:CV with a CV from 0.05 to 20, not '{kind}'", "Change it."),
        };
    }

    private static (int Tokens, int Groups) Shared(string? text)
    {
        if (text is null)
        {
            return (0, 1);
        }

        var parts = text.Split(':');
        return parts.Length <= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) && tokens is > 0 and <= 10_000_000
            && int.TryParse(parts.Length == 2 ? parts[1] : "1", NumberStyles.None, CultureInfo.InvariantCulture, out var groups) && groups > 0
            ? (tokens, groups)
            : throw new FactoryException($"--shared takes a number of tokens, or N:GROUPS, not '{text}'", "Write 2000:8, for example.");
    }
}
