using System.Globalization;
using System.Text.Json;
using Crescent.Client.Connections;

namespace Crescent.Client.Traces;

/// <summary>The files of traces that silos keep in a folder (their option --trace-folder): OTLP's JSON form, a batch a line.</summary>
internal static class TraceFiles
{
    /// <summary>Spans of a trace that are read at the most.</summary>
    public const int MaxSpans = 20_000;

    private const int TraceIdLength = 32;

    // By which people know a trace: what a request, an answer and a task call themselves.
    private static readonly string[] Names = ["crescent.request.id", "gen_ai.response.id", "gen_ai.agent.id"];

    /// <summary>The spans of a trace, by their start.</summary>
    /// <param name="folder">Where silos keep them.</param>
    /// <param name="id">The trace's id, or that of a request, an answer or a task in it; null for the trace that began last.</param>
    /// <returns>The trace's id and its spans.</returns>
    /// <exception cref="FactoryException">There is none.</exception>
    public static (string Trace, IReadOnlyList<TraceSpan> Spans) Read(string folder, string? id)
    {
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.jsonl") : [];
        if (files.Length == 0)
        {
            throw new FactoryException($"There are no traces in {folder}.", "Start the silos with --trace-folder, and name that folder with --folder.");
        }

        var trace = id is not null && IsTraceId(id) ? id.ToLowerInvariant() : Find(files, id);
        var spans = trace is null ? [] : Spans(files, trace, trace).Take(MaxSpans).Select(static found => found.Span).OrderBy(static span => span.Start).ToList();
        return spans.Count > 0
            ? (trace!, spans)
            : throw new FactoryException(id is null ? $"The files in {folder} have no trace yet." : $"No trace in {folder} has '{id}'.", "A span is in the file half a second after its end; files keep the newest 64 to 128 MiB of each silo.");
    }

    private static bool IsTraceId(string id) => id.Length == TraceIdLength && id.All(char.IsAsciiHexDigit);

    private static string? Find(string[] files, string? id)
    {
        var (found, start) = (default(string), long.MinValue);
        foreach (var (trace, span) in Spans(files, id ?? "\"traceId\"", null))
        {
            if (span.Start > start && (id is null || Names.Any(name => span.Attributes.GetValueOrDefault(name) == id)))
            {
                (found, start) = (trace, span.Start);
            }
        }

        return found;
    }

    /// <summary>Spans in lines that hold a text; of one trace, or of all.</summary>
    private static IEnumerable<(string Trace, TraceSpan Span)> Spans(string[] files, string text, string? trace)
    {
        foreach (var line in files.SelectMany(Lines).Where(line => line.Contains(text, StringComparison.Ordinal)))
        {
            using var json = Parse(line);
            foreach (var resource in Members(json, "resourceSpans"))
            {
                var silo = Attributes(resource.GetProperty("resource")).GetValueOrDefault("service.instance.id", "?");
                foreach (var span in Members(resource, "scopeSpans").SelectMany(static scope => Members(scope, "spans")))
                {
                    var of = span.GetProperty("traceId").GetString()!;
                    if (trace is null || of == trace)
                    {
                        yield return (of, Span(span, silo));
                    }
                }
            }
        }
    }

    private static IEnumerable<string> Lines(string path)
    {
        // A silo may be writing to it, or move it away.
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        while (file.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    // The last line may be half written.
    private static JsonDocument? Parse(string line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<JsonElement> Members(JsonDocument? json, string name) => json is null ? [] : Members(json.RootElement, name);

    private static IEnumerable<JsonElement> Members(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var members) ? members.EnumerateArray() : Enumerable.Empty<JsonElement>();

    private static TraceSpan Span(JsonElement span, string silo) => new(
        span.GetProperty("spanId").GetString()!,
        span.TryGetProperty("parentSpanId", out var parent) ? parent.GetString()! : "",
        span.GetProperty("name").GetString()!,
        silo,
        Time(span, "startTimeUnixNano"),
        Time(span, "endTimeUnixNano"),
        span.TryGetProperty("status", out var status) && status.GetProperty("code").GetInt32() == 2 ? (status.TryGetProperty("message", out var why) ? why.GetString() : "") : null,
        Attributes(span),
        [.. Members(span, "events").Select(static happened => (happened.GetProperty("name").GetString()!, (IReadOnlyDictionary<string, string>)Attributes(happened)))]);

    private static long Time(JsonElement span, string name) => long.Parse(span.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);

    private static Dictionary<string, string> Attributes(JsonElement of) =>
        Members(of, "attributes").ToDictionary(static a => a.GetProperty("key").GetString()!, static a => Value(a.GetProperty("value")), StringComparer.Ordinal);

    private static string Value(JsonElement value)
    {
        var member = value.EnumerateObject().FirstOrDefault();
        return member.Name == "arrayValue" ? string.Join(", ", Members(member.Value, "values").Select(Value)) : member.Value.ToString();
    }
}
