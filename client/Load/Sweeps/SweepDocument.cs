using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Crescent.Client.Load.Reports;
using Crescent.Plots;

namespace Crescent.Client.Load.Sweeps;

/// <summary>A sweep as JSON and as CSV; and the curves of earlier ones.</summary>
internal static class SweepDocument
{
    private const long MostBytes = 256 << 20;

    private static readonly (string Name, Func<SweepPoint, double> Read)[] Columns =
    [
        ("load", static point => point.Load),
        ("tokens_per_s", static point => point.TokensPerSecond),
        ("tokens_per_s_per_user", static point => point.UserSpeed),
        ("tokens_per_s_per_user_p25", static point => point.UserSpeedP25),
        ("watts", static point => point.Watts ?? double.NaN),
        ("tokens_per_s_per_megawatt", static point => point.PerMegawatt ?? double.NaN),
        ("ttft_p50", static point => point.FirstP50),
        ("ttft_p95", static point => point.FirstP95),
        ("itl_p50", static point => point.TokenGap),
        ("attained", static point => point.Attained),
        ("errors", static point => point.Errors),
        ("degraded", static point => point.Degraded ? 1 : 0),
        ("steady", static point => point.Steady ? 1 : 0),
    ];

    /// <summary>As JSON; times in seconds of the server's clock.</summary>
    public static JsonObject Json(Sweep sweep) => new()
    {
        ["kind"] = "sweep",
        ["command"] = sweep.Command,
        ["server"] = sweep.Server,
        ["model"] = sweep.Model,
        ["over"] = sweep.Axis.ToString().ToLowerInvariant(),
        ["complete"] = !sweep.Interrupted,
        ["simulated"] = sweep.Simulated,
        ["clock"] = sweep.Clock,
        ["power_by"] = sweep.PowerBy,
        ["slo"] = sweep.Slo,
        ["attain"] = sweep.Attain,
        ["knee"] = sweep.Knee?.Load,
        ["slo_point"] = sweep.SloPoint?.Load,
        ["tiers"] = new JsonArray([.. sweep.Tiers.Select(tier => (JsonNode)new JsonObject
        {
            ["tokens_per_s"] = tier.Speed,
            ["ttft"] = tier.FirstSeconds,
            ["agents"] = sweep.Most(tier)?.Load ?? 0,
            ["agents_per_megawatt"] = sweep.Most(tier) is { Watts: > 0 and var watts } most ? Number(most.Load / watts * 1e6) : null,
        })]),
        ["points"] = new JsonArray([.. sweep.Points.Select(static point =>
        {
            var node = new JsonObject([.. Columns.Select(column => KeyValuePair.Create(column.Name, (JsonNode?)Number(column.Read(point))))]);
            node["run"] = point.Run?.DeepClone();
            return (JsonNode)node;
        })]),
    };

    /// <summary>As CSV, a load a line.</summary>
    public static string Csv(Sweep sweep)
    {
        var text = new StringBuilder().AppendJoin(',', Columns.Select(static column => column.Name)).Append('\n');
        foreach (var point in sweep.Points)
        {
            text.AppendJoin(',', Columns.Select(column => column.Read(point) is var value && double.IsFinite(value) ? value.ToString("G6", CultureInfo.InvariantCulture) : "")).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The curves of a file: an earlier sweep's, or those that <c>frontier --json</c> computed.</summary>
    /// <param name="file">It.</param>
    /// <param name="perMegawatt">Whether volumes are those of a megawatt; null where that is not known yet, and the file alone is checked.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="FactoryException">It is neither, or does not tell its power.</exception>
    public static async Task<IReadOnlyList<FrontierLine>> Curves(FileInfo file, bool? perMegawatt, CancellationToken cancellationToken)
    {
        try
        {
            var document = file is { Exists: true, Length: <= MostBytes } ? JsonNode.Parse(await File.ReadAllTextAsync(file.FullName, cancellationToken)) as JsonObject : null;
            var name = Path.GetFileNameWithoutExtension(file.Name);
            return (string?)document?["kind"] == "sweep" ? [Swept(document, name, perMegawatt == true)]
                : document?["frontiers"] is JsonArray frontiers && perMegawatt != false ? [.. frontiers.OfType<JsonObject>().Select(Computed)]
                : throw new FactoryException(
                    $"{file} is no sweep{(perMegawatt != false ? "" : ", or one of a megawatt, which needs --power here")}", "Give files that sweep --json or lab frontier --json wrote.");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException or FormatException)
        {
            throw new FactoryException($"{file} cannot be read: {e.Message}", "Give files that sweep --json or lab frontier --json wrote.", e);
        }
    }

    private static FrontierLine Swept(JsonObject document, string name, bool perMegawatt)
    {
        var points = new List<(double, double, string)>();
        foreach (var point in document["points"]!.AsArray().OfType<JsonObject>())
        {
            if ((double?)point["tokens_per_s_per_user"] is not { } speed)
            {
                continue;
            }

            var volume = (double?)point[perMegawatt ? "tokens_per_s_per_megawatt" : "tokens_per_s"]
                ?? throw new FactoryException($"The sweep {name} does not tell its power, and this one does", "Overlay sweeps that were made alike.");
            points.Add((speed, volume, (double?)point["load"] is { } load ? RunComparison.Number(load) : ""));
        }

        return new FrontierLine($"{name}: {(string?)document["model"]}{((bool?)document["simulated"] == true ? ", simulated" : "")}", points);
    }

    private static FrontierLine Computed(JsonObject frontier) => new(
        $"closed form: {(string?)frontier["gpu"]}, {(string?)frontier["model"]}, simulated",
        [.. frontier["points"]!.AsArray().OfType<JsonObject>().Select(static point => ((double)point["tokens_per_second_per_user"]!, (double)point["tokens_per_second_per_megawatt"]!, ""))],
        IsComputed: true);

    private static JsonValue? Number(double value) => double.IsFinite(value) ? JsonValue.Create(Math.Round(value, 6)) : null;
}
