using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;

namespace Crescent.Client.Load.Reports;

/// <summary>A run as its JSON tells it.</summary>
/// <param name="Name">Of its file.</param>
/// <param name="Document">As <see cref="RunDocument.Json"/> wrote it.</param>
internal sealed record EarlierRun(string Name, JsonObject Document)
{
    private const long MostBytes = 64 << 20;

    /// <summary>Whether the generator was its bottleneck.</summary>
    public bool Degraded => Document["generator"]?["degraded"] is JsonValue value && value.TryGetValue<bool>(out var degraded) && degraded;

    /// <summary>Reads one.</summary>
    /// <exception cref="FactoryException">It is none.</exception>
    public static async Task<EarlierRun> Read(FileInfo file, CancellationToken cancellationToken)
    {
        try
        {
            if (file is { Exists: true, Length: <= MostBytes }
                && JsonNode.Parse(await File.ReadAllTextAsync(file.FullName, cancellationToken)) is JsonObject document && document["metrics"] is JsonObject)
            {
                return new EarlierRun(Path.GetFileNameWithoutExtension(file.Name), document);
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new FactoryException($"{file} cannot be read: {e.Message}", "Give files that load --json wrote.", e);
        }

        throw new FactoryException($"{file} is no run", "Give files that load --json wrote.");
    }

    /// <summary>A metric's statistic, such as <c>ttft</c> and <c>p99</c>; NaN where there is none.</summary>
    public double Metric(string metric, string statistic) => Number(Document["metrics"]?[metric]?[statistic]);

    /// <summary>A figure that there is one of; NaN where there is none.</summary>
    public double Figure(string name) => Number(Document["figures"]?[name]);

    private static double Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var number) ? number : double.NaN;
}
