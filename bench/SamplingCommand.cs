using System.CommandLine;
using System.Text.Json;

namespace Crescent.Bench;

/// <summary>
/// <c>sampling</c>: time and allocation of a row of logits at a real vocabulary, for several settings and batches; with a model, tokens a second of
/// eight sequences with <c>top_k</c> beside those of greedy ones. Fails when a row allocates more than it may.
/// </summary>
internal static class SamplingCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var vocabulary = new Option<int>("--vocabulary") { Description = "Logits in a row.", DefaultValueFactory = _ => 151_936 };
        var threads = new Option<int>("--threads") { Description = "Compute threads.", DefaultValueFactory = _ => 1 };
        var model = new Option<FileInfo>("--model") { Description = "GGUF file to generate with as well." };
        model.AcceptExistingOnly();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("sampling", "Time and allocation of drawing tokens.") { vocabulary, threads, model, json };
        command.SetAction(parse => Run(parse.GetValue(vocabulary), parse.GetValue(threads), parse.GetValue(model), parse.GetValue(json)));
        return command;
    }

    private static int Run(int vocabulary, int threads, FileInfo? model, bool json)
    {
        using var measurements = new SamplingMeasurements(vocabulary, threads);
        var rows = new List<SamplingMeasurement>();
        if (!json)
        {
            Console.WriteLine($"{vocabulary:N0} tokens, {threads} {(threads == 1 ? "thread" : "threads")}; us a row, median and worst; bytes a row");
        }

        foreach (var row in measurements.Run())
        {
            rows.Add(row);
            if (!json)
            {
                Console.WriteLine($"  {row.Name,-40} {row.Rows,3} rows {row.Median,9:F1} {row.Worst,9:F1} {row.Bytes,7:F1} B{(row.IsWithinBudget ? "" : $", more than {row.Budget}")}");
            }
        }

        var generation = model is null ? [] : GenerationMeasurements.Run(model, json).ToArray();
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { vocabulary, threads, rows, generation }, Json));
        }

        return rows.TrueForAll(static row => row.IsWithinBudget) ? 0 : 1;
    }
}
