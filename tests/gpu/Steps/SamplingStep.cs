using System.Globalization;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Sampling;
using Crescent.GpuCheck.Device;
using Crescent.GpuCheck.Kernels;
using Crescent.GpuCheck.Reports;

namespace Crescent.GpuCheck.Steps;

/// <summary>What drawing a step's tokens takes, from what is asked to the tokens, beside a copy of all logits to the host; and whether they are the host's.</summary>
internal static class SamplingStep
{
    private static readonly SamplingParameters One = new() { Temperature = 1 };

    private static readonly (string Name, SamplingParameters Ways)[] All =
    [
        ("temperature 1", One), ("top_p 0.95", One with { TopP = 0.95f }), ("top_k 40, top_p 0.95", One with { TopK = 40, TopP = 0.95f }), ("min_p 0.05", One with { MinP = 0.05f }),
        ("penalties of 2,000 tokens", One with { FrequencyPenalty = 0.5f, RepetitionPenalty = 1.1f }), ("20 logprobs", One with { TopLogprobs = 20 }),
        ("all of them", One with { Temperature = 0.7f, TopK = 40, TopP = 0.95f, MinP = 0.01f, FrequencyPenalty = 0.5f, RepetitionPenalty = 1.1f, TopLogprobs = 5 }),
    ];

    public static void Run(Options options, StepReport report)
    {
        var (vocabulary, most) = options.Small ? (5_000, 3) : (151_936, 64);
        using var rows = new SampledRows(options.Device, vocabulary, most, Path.Combine(options.Work, "kernels"));
        var random = new Random(1);

        // As models have them: some tokens far above many.
        var logits = Enumerable.Range(0, most).Select(_ => SamplingCase.RandomLogits(random, vocabulary, 5)).ToArray();
        int[] prompt = [.. Enumerable.Range(0, 2_000).Select(_ => random.Next(vocabulary))];
        for (var i = 0; i < most; i++)
            rows.Write(i, logits[i]);
        report.Line("| drawn | rows | µs | of the copy's | rows left to the host |");
        report.Line("| --- | --- | --- | --- | --- |");
        foreach (var count in options.Small ? new[] { 3 } : [1, 16, 64])
        {
            var copy = Time(rows.Context, () =>
            {
                for (var i = 0; i < count; i++)
                    rows.Copy(i);
            });
            report.Line(string.Create(CultureInfo.InvariantCulture, $"| logits copied | {count} | {copy * 1e6:0.0} | 1 | |"));
            report.Figure($"copy of logits {count} rows microseconds", copy * 1e6);
            foreach (var (name, ways) in All)
                Measure(rows, report, count, copy, name, [.. Enumerable.Range(0, count).Select(i => new SamplingCase(logits[i], ways with { Seed = (ulong)i }, prompt, 500, 3))]);
        }
    }

    private static void Measure(SampledRows rows, StepReport report, int count, double copy, string name, SamplingCase[] cases)
    {
        var batch = SamplingCase.Batch(cases[0].Logits.Length);
        var drawn = cases.Select((one, i) => one.AddTo(batch, i)).ToArray();
        var before = rows.Sampler.RowsOfHost;
        rows.Sampler.Sample(batch);
        var hosted = rows.Sampler.RowsOfHost - before;
        for (var i = 0; i < count; i++)
        {
            if (cases[i].Difference(cases[i].ByHost(), drawn[i]) is { } difference)
                report.Fault($"{name}, row {i}: {difference}");
        }

        var gpu = Time(rows.Context, () => rows.Sampler.Sample(batch));
        report.Line(string.Create(CultureInfo.InvariantCulture, $"| {name} | {count} | {gpu * 1e6:0.0} | {gpu / copy:0.000} | {hosted} |"));
        report.Figure($"{name} {count} rows microseconds", gpu * 1e6);
        report.Figure($"{name} {count} rows of the copy's", gpu / copy);
    }

    // Between events, so that the host's part before the first copy is in it too.
    private static double Time(GpuContext context, Action work)
    {
        using var start = new GpuEvent(context, timed: true);
        using var end = new GpuEvent(context, timed: true);
        return 1e-3 * Ceilings.Median(5, () =>
        {
            start.Record(context.Stream);
            work();
            end.Record(context.Stream);
            end.Wait();
            return end.Since(start).TotalMilliseconds;
        });
    }
}
