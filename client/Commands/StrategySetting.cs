using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Crescent.Agents.Strategies;

namespace Crescent.Client.Commands;

/// <summary>The option <c>--setting NAME=VALUE</c>: what can be set of strategies, checked before anything is sent.</summary>
internal static class StrategySetting
{
    private const string Verify = "verify";
    private const string ReducePrompt = "reduce_prompt";

    // Above all ranges.
    private const double Most = 1 << 21;

    private static readonly (string Name, Func<StrategySettings, double, StrategySettings> Set)[] Whole =
    [
        ("samples", static (s, v) => s with { Samples = (int)v }),
        ("window", static (s, v) => s with { Window = (int)v }),
        ("window_step", static (s, v) => s with { WindowStep = (int)v }),
        ("max_tokens", static (s, v) => s with { MaxTokens = (int)v }),
        ("beam", static (s, v) => s with { Beam = (int)v }),
        ("branches", static (s, v) => s with { Branches = (int)v }),
        ("depth", static (s, v) => s with { Depth = (int)v }),
        ("part_lines", static (s, v) => s with { PartLines = (int)v }),
        ("reduce_width", static (s, v) => s with { ReduceWidth = (int)v }),
    ];

    private static readonly (string Name, Func<StrategySettings, double, StrategySettings> Set)[] Numbers =
    [
        ("confidence", static (s, v) => s with { Confidence = v }),
        ("temperature", static (s, v) => s with { Temperature = v }),
    ];

    /// <summary>Names of all settings.</summary>
    public static IEnumerable<string> Names => [.. Whole.Select(static s => s.Name), .. Numbers.Select(static s => s.Name), Verify, ReducePrompt];

    /// <summary>The option; it may be given again and again.</summary>
    public static Option<string[]> Create()
    {
        var option = new Option<string[]>("--setting")
        {
            HelpName = "NAME=VALUE",
            Description = $"A setting of the strategy, of {string.Join(", ", Names)}; once for each (default: the strategy's own)",
        };
        option.Validators.Add(static result =>
        {
            foreach (var token in result.Tokens)
            {
                if (Fault(token.Value) is { } fault)
                {
                    result.AddError(fault);
                }
            }
        });
        return option;
    }

    /// <summary>Settings as the fields of a submission.</summary>
    public static JsonObject Read(IEnumerable<string>? settings)
    {
        var fields = new JsonObject();
        foreach (var setting in settings ?? [])
        {
            var (name, value) = Split(setting);
            fields[name] = name switch
            {
                Verify => JsonValue.Create(bool.Parse(value)),
                ReducePrompt => JsonValue.Create(value),
                _ when Whole.Any(known => known.Name == name) => JsonValue.Create(int.Parse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)),
                _ => JsonValue.Create(double.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture)),
            };
        }

        return fields;
    }

    private static string? Fault(string setting)
    {
        var (name, value) = Split(setting);
        if (name.Length == 0 || name.Length == setting.Length)
        {
            return $"--setting takes NAME=VALUE, such as temperature=0.7, not '{setting}'.";
        }

        switch (name)
        {
            case ReducePrompt:
                return value.Length > 0 ? null : $"--setting {ReducePrompt} takes a text.";
            case Verify:
                return bool.TryParse(value, out _) ? null : $"--setting {Verify} takes true or false, not '{value}'.";
        }

        var whole = Array.Find(Whole, known => known.Name == name);
        var number = Array.Find(Numbers, known => known.Name == name);
        if ((whole.Set ?? number.Set) is not { } set)
        {
            return $"--setting knows no '{name}'; it takes {string.Join(", ", Names)}.";
        }

        var what = whole.Set is null ? "a number" : "a whole number";
        return !double.TryParse(value, whole.Set is null ? NumberStyles.Float : NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var read) || !(Math.Abs(read) <= Most)
            ? $"--setting {name} takes {what} in its range, not '{value}'."
            : set(new StrategySettings(), read).Fault() is var (_, range) ? $"--setting {name} takes {what} from {range}, not '{value}'." : null;
    }

    private static (string Name, string Value) Split(string setting)
    {
        var at = setting.IndexOf('=', StringComparison.Ordinal);
        return at < 0 ? (setting, "") : (setting[..at].Trim(), setting[(at + 1)..]);
    }
}
