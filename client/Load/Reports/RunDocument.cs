using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Client.Load.Measures;

namespace Crescent.Client.Load.Reports;

/// <summary>A report as JSON, and as CSV.</summary>
internal static class RunDocument
{
    private static readonly (string Name, Func<Histogram, double> Read)[] Statistics =
    [
        ("mean", static values => values.Mean),
        ("min", static values => values.Least),
        ("p50", static values => values.Percentile(50)),
        ("p90", static values => values.Percentile(90)),
        ("p95", static values => values.Percentile(95)),
        ("p99", static values => values.Percentile(99)),
        ("p99.9", static values => values.Percentile(99.9)),
        ("max", static values => values.Most),
    ];

    /// <summary>As JSON; times in seconds.</summary>
    public static JsonObject Json(LoadReport report)
    {
        var measures = report.Measures;
        var document = new JsonObject
        {
            ["command"] = report.Command,
            ["server"] = report.Server,
            ["model"] = report.Model,
            ["seed"] = report.Seed,
            ["complete"] = !report.Interrupted,
            ["slo"] = report.Slo,
            ["seconds"] = Number(measures.Seconds),
            ["calls"] = new JsonObject([.. Enum.GetValues<CallEnd>().Select(end => KeyValuePair.Create(Name(end), (JsonNode?)measures.Count(end)))]),
            ["left_out"] = report.TooLong,
            ["figures"] = new JsonObject([.. report.Figures.Select(static figure => KeyValuePair.Create(figure.Key, (JsonNode?)Number(figure.Value)))]),
            ["metrics"] = new JsonObject([.. measures.All.Select(static metric => KeyValuePair.Create(metric.Name, (JsonNode?)Metric(metric)))]),
            ["stability"] = report.Stable is { } stable ? StableLines.Json(stable) : null,
            ["tokens"] = Tokens(report),
            ["energy"] = Energy(measures),
            ["factory"] = report.Factory is { } factory
                ? new JsonObject { ["watts"] = Number(factory.Watts), ["simulated"] = factory.Simulated, ["modelled"] = factory.Modelled, ["readings"] = factory.Readings }
                : null,
            ["host_energy"] = new JsonObject([.. report.Host.Select(reading => KeyValuePair.Create(
                reading.Source, (JsonNode?)new JsonObject { ["joules"] = reading.Joules is { } joules ? Number(joules) : null, ["seconds"] = Number(report.HostSeconds), ["note"] = reading.Note }))]),
            ["slow_readers"] = new JsonObject { ["ended"] = measures.Slow.Ended, ["whole"] = measures.Slow.Whole },
            ["retry_after"] = new JsonObject { ["calls"] = measures.Waits.Calls, ["refusals"] = measures.Waits.Refusals, ["seconds"] = Number(measures.Waits.Seconds) },
            ["generator"] = Generator(report),
            ["faults"] = new JsonArray([.. measures.Faults.Select(static fault => (JsonNode)new JsonObject
            {
                ["kind"] = Name(fault.End),
                ["status"] = fault.Status,
                ["count"] = fault.Count,
                ["example"] = fault.Example,
            })]),
        };
        return document;
    }

    /// <summary>As CSV, a metric a line.</summary>
    public static string Csv(LoadReport report)
    {
        var text = new StringBuilder("metric,clock,unit,count");
        foreach (var (name, _) in Statistics)
        {
            text.Append(',').Append(name);
        }

        text.Append('\n');
        foreach (var metric in report.Measures.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"{metric.Name},{metric.Clock},{metric.Unit},{metric.Values.Count}");
            foreach (var (_, read) in Statistics)
            {
                text.Append(',').Append(metric.Values.Count > 0 ? read(metric.Values).ToString("G6", CultureInfo.InvariantCulture) : "");
            }

            text.Append('\n');
        }

        foreach (var (name, value) in report.Figures)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name},,,1,{(double.IsNaN(value) ? "" : value.ToString("G6", CultureInfo.InvariantCulture))},,,,,,,\n");
        }

        return text.ToString();
    }

    /// <summary>A kind of end, in JSON's spelling.</summary>
    public static string Name(CallEnd end) => end switch
    {
        CallEnd.TimedOut => "timed_out",
        _ => end.ToString().ToLowerInvariant(),
    };

    private static JsonObject Metric(Metric metric)
    {
        var node = new JsonObject { ["unit"] = metric.Unit, ["count"] = metric.Values.Count };
        if (metric.Clock.Length > 0)
        {
            node["clock"] = metric.Clock;
        }

        foreach (var (name, read) in Statistics)
        {
            node[name] = metric.Values.Count > 0 ? Number(read(metric.Values)) : null;
        }

        return node;
    }

    private static JsonObject Tokens(LoadReport report)
    {
        var measures = report.Measures;
        var node = new JsonObject
        {
            ["output"] = Number(measures.OutputTokens.Sum),
            ["by_usage"] = measures.UsageTokens,
            ["own_count"] = measures.OwnTokens,
            ["answers_without_usage"] = measures.WithoutUsage,
            ["planned"] = measures.PlannedTokens,
            ["prompt"] = Number(measures.PromptTokens.Sum),
            ["prompt_planned"] = measures.PlannedPromptTokens,
            ["prompt_cached"] = measures.CachedTokens,
            ["reasoning"] = measures.ReasoningTokens,
            ["reasoning_chunks"] = measures.ReasoningChunks,
            ["tokens_per_word"] = Number(report.Scale.TokensPerWord),
            ["tokens_per_word_by"] = report.Scale.Source,
        };
        if (report.Recount is { } recount)
        {
            node["recounted"] = new JsonObject { ["answers"] = recount.Answers, ["by_tokenizer"] = recount.Counted, ["by_usage"] = recount.Told };
        }

        return node;
    }

    private static JsonObject? Energy(LoadMeasures measures) => measures.WithJoules == 0 ? null : new JsonObject
    {
        ["joules"] = Number(measures.Joules),
        ["joules_per_request"] = Number(measures.Joules / measures.WithJoules),
        ["tokens_per_joule"] = Number(measures.JoulesTokens / measures.Joules),
        ["watts"] = Number(measures.Joules / measures.Seconds),
        ["goodput_per_watt"] = Number(measures.Good / measures.Joules),
        ["simulated"] = measures.JoulesKind.Simulated,
        ["modelled"] = measures.JoulesKind.Modelled,
    };

    private static JsonObject Generator(LoadReport report) => new()
    {
        ["degraded"] = report.Degraded.Count > 0,
        ["reasons"] = new JsonArray([.. report.Degraded.Select(static reason => (JsonNode)reason)]),
        ["loop_lag_p50"] = Number(report.Health.LoopLag.Percentile(50)),
        ["loop_lag_p99"] = Number(report.Health.LoopLag.Percentile(99)),
        ["loop_lag_max"] = Number(report.Health.LoopLag.Most),
        ["cores"] = Number(report.Health.Cores),
        ["gc_pause_seconds"] = Number(report.Health.PauseSeconds),
        ["allocated_bytes"] = report.Health.Allocated,
        ["held_back"] = report.Measures.HeldBack,
        ["connections"] = report.Connections,
        ["cpu_governor"] = GeneratorHealth.CpuGovernor,
    };

    private static JsonValue? Number(double value) => double.IsFinite(value) ? JsonValue.Create(Math.Round(value, 9)) : null;
}
