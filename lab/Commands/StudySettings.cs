using System.CommandLine;
using System.Globalization;
using Crescent.Client.Commands;
using Crescent.Control.Placement;
using Crescent.Control.Power;
using Crescent.Lab.Fleet;
using Crescent.Lab.Studies;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Commands;

/// <summary>The options of <c>lab --trace</c>, and what they say.</summary>
internal sealed class StudySettings
{
    private readonly Option<string> _trace = new("--trace")
    {
        Description = $"Azure CSV or Mooncake JSONL to replay, or one of {string.Join(", ", SyntheticTrace.Names)}",
        HelpName = "FILE|NAME",
    };

    private readonly Option<string> _policies = new("--policies")
    {
        Description = $"Of {string.Join(", ", PlacementPolicies.Names)}, parent-groups; with +uniform or +efficient for other caps, +session or +burst for what other front ends do, +pools:POSITIONS:SHARE for short calls on a share of the devices and long ones on the rest, +park for servers that are switched off, "
            + $"{PowerAwarePolicy.PolicyName}-TERM without a term (energy, power, kv, latency, overlap, stall, recompute, moves), ~WHAT:X for a belief that is X times the truth (times, power, idle, curve, length), "
            + "or ~learned",
        HelpName = "A,B",
        DefaultValueFactory = static _ => $"{KvQueuePolicy.PolicyName},{PowerAwarePolicy.PolicyName}",
    };

    private readonly Option<string> _loads = new("--load")
    {
        Description = "Arrival rates, as shares of the rate at which kv-queue at full budget stops meeting the SLO for 99 % of requests",
        HelpName = "X,Y",
        DefaultValueFactory = static _ => StudyOptions.DefaultLoad.ToString(CultureInfo.InvariantCulture),
    };

    private readonly Option<string> _budgets = new("--budgets")
    {
        Description = "Power budgets of the GPUs, as shares of their highest caps together",
        HelpName = "X,Y",
        DefaultValueFactory = static _ => "1.0",
    };

    private readonly Option<int?> _seeds = NumberOption.Create<int>(
        "--seeds", $"Runs of each combination (default: {StudyOptions.DefaultSeeds})", "N", "a whole number from 1 to 1000", static value => value is >= 1 and <= 1000);

    private readonly Option<string> _devices = new("--devices")
    {
        Description = "The simulated fleet; several kinds with commas between them, each in a rack of its own",
        HelpName = "SPEC",
        DefaultValueFactory = static _ => FleetSpec.DefaultDevices,
    };

    private readonly Option<string> _model = new("--model")
    {
        Description = "The simulated model",
        HelpName = "SPEC",
        DefaultValueFactory = static _ => FleetSpec.DefaultModel,
    };

    private readonly Option<double?> _fullRate = NumberOption.Create<double>(
        "--full-rate", "Requests a second that load 1 stands for (default: found by bisection)", "R", "a number above 0", static value => value > 0);

    private readonly Option<double?> _minSeconds = NumberOption.Create<double>(
        "--min-seconds", $"A shorter run goes on with the trace from another place (default: {StudyOptions.DefaultMinSeconds})", "S", "a number from 0 to 1,000,000", static value => value is >= 0 and <= 1e6);

    private readonly Option<double?> _maxSeconds = NumberOption.Create<double>(
        "--max-seconds", $"Nothing arrives after this (default: {StudyOptions.DefaultMaxSeconds})", "S", "a number from 1 to 1,000,000", static value => value is >= 1 and <= 1e6);

    private readonly Option<string?> _step = new("--budget-step")
    {
        Description = "At a moment, multiply the budget, such as 120:0.7 for 30 % less from second 120 on",
        HelpName = "S:X",
    };

    private readonly Option<string?> _events = new("--budget-events")
    {
        Description = "For a while, multiply the budget, such as 60:0.7:1200 for 30 % less for 20 minutes from second 60 on; several with commas between them",
        HelpName = "S:X:FOR",
    };

    private readonly Option<double?> _ramp = NumberOption.Create<double>(
        "--ramp", "Most watts by which the budget moves in a second (default: at once)", "W", "a number above 0", static value => value > 0);

    private readonly Option<string?> _rackBudgets = new("--rack-budgets")
    {
        Description = "Budgets of the racks, one for each kind of devices, as shares of their highest caps together",
        HelpName = "X,Y",
    };

    private readonly Option<double?> _lengthError = NumberOption.Create<double>(
        "--length-error", "Take expected output lengths this much too long, such as 0.3, or too short, -0.3", "X", "a number from -0.9 to 10", static value => value is >= -0.9 and <= 10);

    private readonly Option<double?> _shed = NumberOption.Create<double>(
        "--shed-above", "power-aware refuses what would take this many times the SLO; 0 for never (default: 0.9)", "X", "a number from 0 to 1000", static value => value is >= 0 and <= 1000);

    private readonly Option<string?> _fronts = new("--fronts")
    {
        Description = "Front ends that take calls in turn, each with its own view and reservations, and how many seconds late they hear of devices and caches (default: 1:0)",
        HelpName = "N[:S]",
    };

    private readonly Option<int?> _jobs = NumberOption.Create<int>(
        "--jobs", "Runs at once (default: the processor's cores)", "N", "a whole number from 1 to 256", static value => value is >= 1 and <= 256);

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_trace, _policies, _loads, _budgets, _seeds, _devices, _model, _fullRate, _minSeconds, _maxSeconds, _step, _events, _ramp, _rackBudgets, _lengthError, _shed, _fronts, _jobs])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the command line says; null when it names no trace.</summary>
    /// <exception cref="FormatException">The message names the option, its value and what it takes.</exception>
    public StudyOptions? Read(ParseResult parsed)
    {
        if (parsed.GetValue(_trace) is not { } trace)
        {
            return null;
        }

        string[] policies = [.. Parts(parsed.GetRequiredValue(_policies))];
        foreach (var policy in policies)
        {
            StudyPolicy.Parse(policy);
        }

        var fleet = FleetSpec.ParseMixed(parsed.GetRequiredValue(_devices), parsed.GetRequiredValue(_model));
        if (fleet.Others.Count > 0 && policies.FirstOrDefault(static policy => StudyPolicy.Parse(policy).Parks) is { } parking)
        {
            throw new FormatException($"'{parking}': servers of several kinds are not parked; leave +park or all kinds but one out.");
        }

        return new StudyOptions
        {
            Fleet = fleet,
            Trace = SyntheticTrace.IsKnown(trace) ? SyntheticTrace.Create(trace) : TraceFile.Read(trace),
            Policies = policies,
            Loads = Numbers(_loads, parsed.GetRequiredValue(_loads), 100),
            Budgets = Numbers(_budgets, parsed.GetRequiredValue(_budgets), 1),
            Seeds = parsed.GetValue(_seeds) ?? StudyOptions.DefaultSeeds,
            FullRate = parsed.GetValue(_fullRate),
            MinSeconds = parsed.GetValue(_minSeconds) ?? StudyOptions.DefaultMinSeconds,
            MaxSeconds = parsed.GetValue(_maxSeconds) ?? StudyOptions.DefaultMaxSeconds,
            Schedule = Schedule(parsed),
            RackBudgets = Racks(parsed.GetValue(_rackBudgets), fleet),
            LengthError = parsed.GetValue(_lengthError) ?? 0,
            Fronts = parsed.GetValue(_fronts) is { } fronts ? FrontEnds.Parse(fronts) : FrontEnds.One,
            Weights = new PowerWeights { ShedAbove = parsed.GetValue(_shed) ?? StudyOptions.DefaultShedAbove },
            Jobs = parsed.GetValue(_jobs) ?? Environment.ProcessorCount,
        };
    }

    private BudgetSchedule Schedule(ParseResult parsed)
    {
        BudgetEvent[] events = [.. Step(parsed.GetValue(_step)), .. Parts(parsed.GetValue(_events) ?? "").Select(Event)];
        var ramp = parsed.GetValue(_ramp);
        return ramp is null || events.Length > 0
            ? new BudgetSchedule(events, ramp ?? double.PositiveInfinity)
            : throw new FormatException($"{_ramp.Name} is for a budget that moves: give {_step.Name} or {_events.Name}.");
    }

    /// <summary>Words with commas between them.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    internal static string[] Words(Option option, string text) =>
        Parts(text) is { Length: > 0 } words ? words : throw new FormatException($"{option.Name} names nothing.");

    /// <summary>Numbers above 0 and at most <paramref name="most"/>, with commas between them.</summary>
    /// <exception cref="FormatException">There is none, or another word.</exception>
    internal static double[] Numbers(Option option, string text, double most)
    {
        var numbers = Parts(text)
            .Select(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most
                ? number
                : throw new FormatException($"{option.Name} takes numbers above 0 and at most {most}, with commas between them, not '{part}'."))
            .ToArray();
        return numbers.Length > 0 ? numbers : throw new FormatException($"{option.Name} names no number.");
    }

    private static string[] Parts(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private double[] Racks(string? text, FleetSpec fleet)
    {
        double[] budgets = text is null ? [] : Numbers(_rackBudgets, text, 1);
        return budgets.Length == 0 || budgets.Length == fleet.Racks.Count
            ? budgets
            : throw new FormatException($"--rack-budgets takes a share for each of the {fleet.Racks.Count} kinds of --devices, not {budgets.Length}.");
    }

    private static BudgetEvent[] Step(string? text)
    {
        if (text is null)
        {
            return [];
        }

        return Values(text) is [>= 0 and var at, > 0 and <= 1 and var factor]
            ? [new BudgetEvent(at, factor, double.PositiveInfinity)]
            : throw new FormatException($"--budget-step takes SECONDS:FACTOR with a factor above 0 and at most 1, such as 120:0.7, not '{text}'.");
    }

    private static BudgetEvent Event(string text) => Values(text) is [>= 0 and var at, > 0 and <= 1 and var factor, > 0 and var seconds]
        ? new BudgetEvent(at, factor, seconds)
        : throw new FormatException($"--budget-events takes SECONDS:FACTOR:SECONDS with a factor above 0 and at most 1, such as 60:0.7:1200, not '{text}'.");

    /// <summary>Numbers with colons between them; none where one is not a number.</summary>
    private static double[] Values(string text)
    {
        var values = text.Split(':').Select(static part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN).ToArray();
        return values.All(double.IsFinite) ? values : [];
    }
}
