using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Crescent.GpuCheck.Reports;

/// <summary>The files that a run leaves behind.</summary>
internal static class SummaryFiles
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void WriteStep(string path, StepReport report) => File.WriteAllText(path, JsonSerializer.Serialize(report, Json));

    /// <summary>What a step left; null where it left nothing.</summary>
    public static StepReport? ReadStep(string path) => File.Exists(path) ? JsonSerializer.Deserialize<StepReport>(File.ReadAllText(path), Json) : null;

    /// <summary>The same of a step that is still writing: null where it is in the midst of it.</summary>
    public static StepReport? TryReadStep(string path)
    {
        try
        {
            return ReadStep(path);
        }
        catch (Exception fault) when (fault is JsonException or IOException)
        {
            return null;
        }
    }

    /// <summary>Writes <c>summary.md</c> and <c>summary.json</c> anew.</summary>
    public static void Write(string folder, IReadOnlyList<StepReport> steps)
    {
        File.WriteAllText(Path.Combine(folder, "summary.json"), JsonSerializer.Serialize(steps, Json));
        var text = new StringBuilder("# GPU check\n\n| step | outcome | seconds |\n| --- | --- | --- |\n");
        foreach (var step in steps)
            text.Append(CultureInfo.InvariantCulture, $"| {step.Name} | {step.Outcome} | {step.Seconds:0.0} |\n");
        foreach (var step in steps)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {step.Name}\n\n");
            var table = false;
            foreach (var line in step.Lines)
            {
                // Tables stand alone; other lines are a list.
                var row = line.StartsWith('|');
                text.Append(table != row ? "\n" : "").Append(row ? "" : "- ").Append(line).Append('\n');
                table = row;
            }
        }

        File.WriteAllText(Path.Combine(folder, "summary.md"), text.ToString());
    }
}
