using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Lab.Calibration;

/// <summary>Simulated beside measured throughput, over all rows of a file.</summary>
/// <param name="Rows">In the order of the file.</param>
/// <param name="Wall">How long it took to compute.</param>
public sealed record CalibrationReport(IReadOnlyList<CalibratedRow> Rows, TimeSpan Wall)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Over all rows; null when none could be simulated.</summary>
    public ErrorSummary? All => ErrorSummary.Of("all", Rows);

    /// <summary>One for each model, GPU and group, in the order of the file.</summary>
    public IReadOnlyList<ErrorSummary> Groups =>
    [
        .. Rows.GroupBy(static row => $"{row.Row.File}: {row.Row.Model} {row.Row.Weights} {row.Row.Gpu} {(row.Row.DataParallel ? "dep" : "tp")}{row.Row.TensorParallel}")
            .Select(static group => ErrorSummary.Of(group.Key, group))
            .OfType<ErrorSummary>(),
    ];

    /// <summary>One for each model, in the order of the file.</summary>
    public IReadOnlyList<ErrorSummary> Models =>
        [.. Rows.GroupBy(static row => row.Row.Model).Select(static group => ErrorSummary.Of(group.Key, group)).OfType<ErrorSummary>()];

    /// <summary>One for each file, in their order.</summary>
    public IReadOnlyList<ErrorSummary> Files =>
        [.. Rows.GroupBy(static row => row.Row.File).Select(static group => ErrorSummary.Of(group.Key, group)).OfType<ErrorSummary>()];

    /// <summary>Replays <paramref name="rows"/>, several at once.</summary>
    /// <param name="rows">Measured runs.</param>
    /// <param name="jobs">How many at once; 1 and up.</param>
    /// <param name="done">Told, on any thread, of each row that is done and how many are.</param>
    /// <param name="cancellationToken">Stops at once.</param>
    public static CalibrationReport Run(
        IReadOnlyList<ThroughputRow> rows, int jobs, Action<CalibratedRow, int>? done = null, CancellationToken cancellationToken = default)
    {
        var started = TimeProvider.System.GetTimestamp();
        var results = new CalibratedRow[rows.Count];
        var count = 0;

        // The long ones first, so that none of them is left alone at the end.
        var order = Enumerable.Range(0, rows.Count).OrderByDescending(i => (double)rows[i].Requests * rows[i].OutputTokens).ToArray();
        Parallel.ForEach(
            Partitioner.Create(order, EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = jobs, CancellationToken = cancellationToken },
            i =>
            {
                results[i] = Replay(rows[i], cancellationToken);
                done?.Invoke(results[i], Interlocked.Increment(ref count));
            });
        return new CalibrationReport(results, TimeProvider.System.GetElapsedTime(started));
    }

    /// <summary>
    /// The report as JSON: <c>rows[]</c> has the file's columns, <c>simulated</c> (output tokens a second) and <c>error</c>, or <c>fault</c> where a row
    /// could not be simulated.
    /// </summary>
    public string ToJson()
    {
        var rows = new JsonArray();
        foreach (var row in Rows)
        {
            var node = JsonSerializer.SerializeToNode(row.Row)!.AsObject();
            node["simulated"] = row.Replay is { } replay ? Math.Round(replay.TokensPerSecond, 1) : null;
            if (row.Replay is { } of)
            {
                node["error"] = Math.Round(row.Error!.Value, 4);
                node["batch"] = of.Batch;
                node["step_tokens"] = of.StepTokens;
                node["steps"] = of.Steps;
                node["simulated_seconds"] = Math.Round(of.Duration.TotalSeconds, 3);
            }
            else
            {
                node["fault"] = row.Fault;
            }

            rows.Add(node);
        }

        var document = new JsonObject
        {
            ["source"] = "simulated devices; output_tokens_per_second is measured, simulated is modelled",
            ["wall_seconds"] = Math.Round(Wall.TotalSeconds, 2),
            ["all"] = Summary(All),
            ["models"] = new JsonArray([.. Models.Select(Summary)]),
            ["rows"] = rows,
        };
        return document.ToJsonString(Json);
    }

    private static CalibratedRow Replay(ThroughputRow row, CancellationToken cancellationToken)
    {
        try
        {
            return new CalibratedRow(row, ThroughputReplay.Run(row, cancellationToken: cancellationToken), null);
        }
        catch (FormatException fault)
        {
            return new CalibratedRow(row, null, fault.Message);
        }
    }

    private static JsonObject? Summary(ErrorSummary? summary) => summary is null
        ? null
        : new JsonObject
        {
            ["name"] = summary.Name,
            ["rows"] = summary.Rows,
            ["median_error"] = Math.Round(summary.Median, 4),
            ["worst_error"] = Math.Round(summary.Worst, 4),
            ["bias"] = Math.Round(summary.Bias, 4),
        };
}
