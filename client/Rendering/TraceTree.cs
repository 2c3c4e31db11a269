using System.Globalization;
using Crescent.Client.Terminals;
using Crescent.Client.Traces;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crescent.Client.Rendering;

/// <summary>A trace as a tree: a line a span, with the silo that made it, when it began after the trace did, how long it took, and what is told of it.</summary>
internal static class TraceTree
{
    /// <summary>What is told in a line, and by which word; the rest with all attributes.</summary>
    private static readonly (string Key, string Word)[] Told =
    [
        ("http.response.status_code", "status"),
        ("crescent.request.id", "request"),
        ("gen_ai.agent.id", "task"),
        ("gen_ai.response.id", "answer"),
        ("crescent.step.label", "label"),
        ("crescent.attempt", "number"),
        ("crescent.from_device", "from"),
        ("crescent.device", "device"),
        ("crescent.tokens_before", "tokens before"),
        ("crescent.placement.policy", "policy"),
        ("crescent.placement.gate", "gate"),
        ("crescent.placement.score", "score"),
        ("gen_ai.usage.input_tokens", "in"),
        ("gen_ai.usage.cache_read.input_tokens", "cached"),
        ("gen_ai.usage.output_tokens", "out"),
        ("crescent.placement.ttft_seconds", "TTFT s"),
        ("hw.energy", "J"),
        ("hw.power", "W"),
        ("crescent.cause", "cause"),
        ("gen_ai.response.finish_reasons", "finish"),
        ("crescent.outcome", "outcome"),
        ("error.type", "error"),
    ];

    /// <summary>The tree.</summary>
    /// <param name="trace">The trace's id.</param>
    /// <param name="spans">Its spans, by their start.</param>
    /// <param name="all">Whether everything is told of each span.</param>
    public static IRenderable Of(string trace, IReadOnlyList<TraceSpan> spans, bool all)
    {
        var start = spans[0].Start;
        var silos = spans.Select(static span => span.Silo).Distinct().Order(StringComparer.Ordinal);
        var tree = new Tree(new Text(
            string.Create(CultureInfo.InvariantCulture, $"trace {trace} · {Time((spans.Max(static span => span.End) - start) / 1e6)} · {spans.Count} spans · {string.Join(", ", silos)}"),
            new Style(decoration: Decoration.Bold)))
        {
            Guide = TreeGuide.Line,
        };
        var ids = spans.Select(static span => span.Id).ToHashSet(StringComparer.Ordinal);
        var parts = spans.Where(span => ids.Contains(span.Parent)).ToLookup(static span => span.Parent, StringComparer.Ordinal);

        // Those whose parents are elsewhere: the caller's, or of a silo whose file is not here.
        foreach (var root in spans.Where(span => !ids.Contains(span.Parent)))
        {
            Add(tree, root, parts, start, all, 0);
        }

        return tree;
    }

    private static void Add(IHasTreeNodes to, TraceSpan span, ILookup<string, TraceSpan> parts, long start, bool all, int depth)
    {
        var node = to.AddNode(new Text(Terminal.Printable(Line(span, start, depth)), span.Fault is null ? Style.Plain : new Style(Color.Red)));
        foreach (var (name, attributes) in span.Events)
        {
            node.AddNode(new Text(Terminal.Printable(string.Join(" · ", [name, .. Words(attributes)])), new Style(decoration: Decoration.Dim)));
        }

        if (all)
        {
            foreach (var (key, value) in span.Attributes)
            {
                node.AddNode(new Text(Terminal.Printable($"{key}: {value}"), new Style(decoration: Decoration.Dim)));
            }
        }

        foreach (var part in parts[span.Id])
        {
            Add(node, part, parts, start, all, depth + 1);
        }
    }

    private static string Line(TraceSpan span, long start, int depth)
    {
        string[] outside = depth == 0 && span.Parent.Length > 0 ? [$"part of {span.Parent}"] : [];
        string[] fault = span.Fault is null ? [] : [span.Fault.Length > 0 ? $"failed: {span.Fault}" : "failed"];
        return string.Join(" · ", [span.Name, span.Silo, $"+{Time((span.Start - start) / 1e6)}", Time(span.Milliseconds), .. Words(span.Attributes), .. fault, .. outside]);
    }

    private static IEnumerable<string> Words(IReadOnlyDictionary<string, string> attributes) => Told
        .Where(told => attributes.ContainsKey(told.Key))
        .Select(told => $"{told.Word} {Short(attributes[told.Key])}");

    private static string Short(string value) => value.Contains('.', StringComparison.Ordinal) && double.TryParse(value, CultureInfo.InvariantCulture, out var number)
        ? number.ToString("0.####", CultureInfo.InvariantCulture)
        : value;

    private static string Time(double milliseconds) => milliseconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.00} ms"),
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:0.00} s"),
    };
}
