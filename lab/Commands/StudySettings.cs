using System.CommandLine;
using System.Globalization;
using Crescent.Client.Commands;
using Crescent.Control.Placement;
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
        Description = $"Of {string.Join(", ", PlacementPolicies.Names)}, parent-groups; with +uniform or +efficient for other caps, +session or +burst for what other front ends do, +park for servers that are switched off, "
            + $"{PowerAwarePolicy.PolicyName}-TERM without a term (energy, power, kv, latency, overlap, stall), ~WHAT:X for a belief that is X times the truth (times, power, idle, curve, length), "
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
        Description = "The simulated fleet",
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

    private readonly Option<double?> _lengthError = NumberOption.Create<double>(
        "--length-error", "Take expected output lengths this much too long, such as 0.3, or too short, -0.3", "X", "a number from -0.9 to 10", static value => value is >= -0.9 and <= 10);

    private readonly Option<double?> _shed = NumberOption.Create<double>(
        "--shed-above", "power-aware refuses what would take this many times the SLO; 0 for never (default: 0.9)", "X", "a number from 0 to 1000", static value => value is >= 0 and <= 1000);

    private readonly Option<int?> _jobs = NumberOption.Create<int>(
        "--jobs", "Runs at once (default: the processor's cores)", "N", "a whole number from 1 to 256", static value => value is >= 1 and <= 256);

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_trace, _policies, _loads, _budgets, _seeds, _devices, _model, _fullRate, _minSeconds, _maxSeconds, _step, _lengthError, _shed, _jobs])
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

        var step = Step(parsed.GetValue(_step));
        return new StudyOptions
        {
            Fleet = FleetSpec.Parse(parsed.GetRequiredValue(_devices), parsed.GetRequiredValue(_model)),
            Trace = SyntheticTrace.IsKnown(trace) ? SyntheticTrace.Create(trace) : TraceFile.Read(trace),
            Policies = policies,
            Loads = Numbers(_loads, parsed.GetRequiredValue(_loads), 100),
            Budgets = Numbers(_budgets, parsed.GetRequiredValue(_budgets), 1),
            Seeds = parsed.GetValue(_seeds) ?? StudyOptions.DefaultSeeds,
            FullRate = parsed.GetValue(_fullRate),
            MinSeconds = parsed.GetValue(_minSeconds) ?? StudyOptions.DefaultMinSeconds,
            MaxSeconds = parsed.GetValue(_maxSeconds) ?? StudyOptions.DefaultMaxSeconds,
            BudgetChangesAt = step.At,
            BudgetFactor = step.Factor,
            LengthError = parsed.GetValue(_lengthError) ?? 0,
            Weights = new PowerWeights { ShedAbove = parsed.GetValue(_shed) ?? StudyOptions.DefaultShedAbove },
            Jobs = parsed.GetValue(_jobs) ?? Environment.ProcessorCount,
        };
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

    private static (double At, double Factor) Step(string? text)
    {
        if (text is null)
        {
            return (double.PositiveInfinity, 1);
        }

        var parts = text.Split(':');
        return parts.Length == 2
            && double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var at) && at >= 0
            && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var factor) && factor is > 0 and <= 1
            ? (at, factor)
            : throw new FormatException($"--budget-step takes SECONDS:FACTOR with a factor above 0 and at most 1, such as 120:0.7, not '{text}'.");
    }
}
