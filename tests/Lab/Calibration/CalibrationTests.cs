using System.Text.Json.Nodes;
using Crescent.Lab.Calibration;

namespace Crescent.Tests.Lab.Calibration;

public sealed class CalibrationTests
{
    private static readonly Lazy<IReadOnlyList<ThroughputRow>> Measured =
        new(static () => ThroughputFile.Read(TestFiles.Project("lab", "data", "trtllm-throughput.csv")));

    // The shapes that simulate fastest; `client lab calibrate` replays all of them.
    [Theory]
    [InlineData(2048, 128)]
    [InlineData(5000, 500)]
    public void Measured_runs_are_met_within_a_quarter_and_mostly_within_a_tenth(int prompt, int output)
    {
        var rows = Measured.Value.Where(row => row.PromptTokens == prompt && row.OutputTokens == output).ToArray();
        Assert.Equal(8, rows.Length);
        var report = CalibrationReport.Run(rows, Environment.ProcessorCount, cancellationToken: TestContext.Current.CancellationToken);
        Assert.All(report.Rows, static row => Assert.InRange(row.Error!.Value, -0.25, 0.25));
        Assert.InRange(report.All!.Median, 0, 0.1);
        Assert.All(report.Rows, static row => Assert.Equal(0, row.Replay!.Value.Preemptions));
    }

    // Fitted with values that no row has of its own: see docs/simulation.md for all rows, and for models that were left out of a fit.
    [Fact]
    public void Mixtures_of_2026_are_met_within_a_quarter_and_mostly_within_a_tenth()
    {
        var rows = ThroughputFile.Read(TestFiles.Project("lab", "data", "trtllm-throughput-2026.csv"));
        Assert.Equal(84, rows.Count);
        Assert.Equal(33, rows.Count(static row => row.DataParallel));
        ThroughputRow[] few = [.. rows.Where(static row => row is { PromptTokens: 8192, OutputTokens: 1024, Model: not "llama-3.3-70b" })];
        var report = CalibrationReport.Run(few, Environment.ProcessorCount, cancellationToken: TestContext.Current.CancellationToken);
        Assert.All(report.Rows, static row => Assert.InRange(row.Error!.Value, -0.25, 0.25));
        Assert.InRange(report.All!.Median, 0, 0.12);
        Assert.Contains(report.Groups, static group => group.Name == "trtllm-throughput-2026: deepseek-r1 FP4 GB200 dep4");
    }

    [Fact]
    public void Caches_are_of_the_type_that_was_asked_for()
    {
        var rows = ThroughputFile.Read(TestFiles.Project("lab", "data", "trtllm-throughput-2026.csv"));
        Assert.Equal(["deepseek-r1 H200", "gpt-oss-20b H100", "gpt-oss-20b H200"],
            rows.Where(static row => row.KvBytes == 2).Select(static row => $"{row.Model} {row.Gpu}").Distinct().Order());
        Assert.All(Measured.Value, static row => Assert.Equal((1, false), (row.KvBytes, row.Is2026)));
    }

    [Fact]
    public void A_report_keeps_the_columns_of_the_file_and_adds_what_was_simulated()
    {
        var rows = Measured.Value.Take(1).Select(static row => row with { Requests = 20 }).Append(Measured.Value[0] with { Model = "gpt-9" }).ToArray();
        var report = CalibrationReport.Run(rows, 1, cancellationToken: TestContext.Current.CancellationToken);
        var json = JsonNode.Parse(report.ToJson())!;
        var first = json["rows"]![0]!;
        Assert.Equal("llama-3.3-70b", (string?)first["model"]);
        Assert.Equal(1, (int?)first["tensor_parallel"]);
        Assert.Equal(128, (int?)first["osl"]);
        Assert.Equal(11147, (double?)first["output_tokens_per_second"]);
        Assert.True((double?)first["simulated"] > 0);
        Assert.Null(json["rows"]![1]!["simulated"]);
        Assert.Contains("gpt-9", (string?)json["rows"]![1]!["fault"], StringComparison.Ordinal);
        Assert.Equal(1, report.All!.Rows);
    }

    [Fact]
    public void A_summary_has_the_median_and_the_worst_without_signs_and_the_bias_with_them()
    {
        var row = Measured.Value[0] with { Measured = 1000 };
        CalibratedRow[] rows = [Row(1200), Row(900), Row(1100), new(row, null, "does not fit"), Row(950)];
        var summary = ErrorSummary.Of("some", rows)!;
        Assert.Equal((4, 0.1, 0.2), (summary.Rows, Math.Round(summary.Median, 9), Math.Round(summary.Worst, 9)));
        Assert.Equal((0.2 - 0.1 + 0.1 - 0.05) / 4, summary.Bias, 1e-9);
        Assert.Null(ErrorSummary.Of("none", rows[3..4]));

        CalibratedRow Row(double simulated) => new(row, new ReplayResult(simulated, 1, 1, TimeSpan.Zero, 0, 0), null);
    }

    [Theory]
    [InlineData("model,gpu\na,b", "no column 'tensor_parallel'")]
    [InlineData("model,gpu,tensor_parallel,weights,isl,osl,requests,output_tokens_per_second\nm,g,x,FP8,1,1,1,1", "line 2: tensor_parallel")]
    [InlineData("model,gpu,tensor_parallel,weights,isl,osl,requests,output_tokens_per_second\nm,g,1,FP8,1,1,1", "line 2: output_tokens_per_second is missing")]
    [InlineData("model,gpu,gpus,parallel,weights,isl,osl,requests,output_tokens_per_second\nm,g,4,pp,FP8,1,1,1,1", "line 2: parallel must be tp or dep, not 'pp'")]
    [InlineData("", "is empty")]
    public void A_wrong_file_is_refused_with_the_line_and_the_column(string text, string named)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("rows.csv"), text);
        Assert.Contains(named, Assert.Throws<FormatException>(() => ThroughputFile.Read(folder.At("rows.csv"))).Message, StringComparison.Ordinal);
    }
}
