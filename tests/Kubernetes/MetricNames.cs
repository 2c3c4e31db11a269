using System.Text.RegularExpressions;

namespace Crescent.Tests.Kubernetes;

/// <summary>Names of metrics in PromQL, and those that a silo has.</summary>
internal static partial class MetricNames
{
    /// <summary>Those of the text of <c>/metrics</c>, with the endings of histograms.</summary>
    public static IReadOnlySet<string> Of(string metrics) => Type().Matches(metrics)
        .SelectMany(static match => match.Groups["type"].Value == "histogram"
            ? new[] { "_bucket", "_sum", "_count" }.Select(end => match.Groups["name"].Value + end)
            : [match.Groups["name"].Value])
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>Those that <paramref name="text"/> names: with our colons, or before braces as a selector of series has it.</summary>
    public static IReadOnlySet<string> In(string text) => Ours().Matches(text).Concat(Selected().Matches(text)).Select(static match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex(@"^# TYPE (?<name>\S+) (?<type>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex("(?<name>(?:vllm|crescent):[A-Za-z0-9_:]+)")]
    private static partial Regex Ours();

    [GeneratedRegex(@"(?<name>[A-Za-z_][A-Za-z0-9_:]*)\{(?!\{)")]
    private static partial Regex Selected();
}
