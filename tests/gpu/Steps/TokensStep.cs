using System.Globalization;
using Crescent.Engine.Cuda;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.GpuCheck.Model;
using Crescent.GpuCheck.Reports;

namespace Crescent.GpuCheck.Steps;

/// <summary>Greedy tokens of small models beside those of the processor: alone, side by side, and with the prompt in pieces.</summary>
internal static class TokensStep
{
    // Where the two likeliest tokens are nearer than this, the devices' roundings may part them.
    private const float Tie = 0.05f;

    public static void Run(Options options, StepReport report)
    {
        using var model = new EmbeddedModel();
        var count = options.Small ? 6 : 24;
        Compare(options, report, "", model.Path, [.. model.Prompts.Take(options.Small ? 3 : 12)], count);

        // Windows, sinks, biases and experts: prompts shorter and longer than the window, and what follows beyond it.
        Compare(options, report, "gpt-oss", static path => SmallGptOss.Write(path), SmallGptOss.Tokens, count);

        // States, and heads of 256 values.
        Compare(options, report, "qwen35", SmallQwen35.Write, SmallQwen35.Tokens, count);
    }

    // A model of random weights, written for this alone, with random prompts.
    private static void Compare(Options options, StepReport report, string model, Action<string> write, int vocabulary, int count)
    {
        var path = Path.Combine(options.Work, $"small-{model}.gguf");
        write(path);
        var random = new Random(3);
        var prompts = new[] { 5, 23, 24, 61, 150, 300 }.Take(options.Small ? 4 : 6).Select(
            length => ($"{length} tokens", Enumerable.Range(0, length).Select(_ => random.Next(vocabulary)).ToArray()));
        Compare(options, report, $"{model} ", path, [.. prompts], count);
        File.Delete(path);
    }

    private static void Compare(Options options, StepReport report, string model, string path, IReadOnlyList<(string Name, int[] Tokens)> prompts, int count)
    {
        using var file = GgufFile.Open(path);
        var graph = Architecture.Read(file);
        IReadOnlyList<Greedy.Continuation> expected;
        using (var cpu = new CpuDevice(graph, new CpuDeviceOptions { KvBlocks = 512, Activations = ActivationPrecision.Int16 }))
        {
            expected = new Greedy(cpu).Run([.. prompts.Select(static prompt => prompt.Tokens)], count);
        }

        using var device = new CudaDevice(graph, new CudaDeviceOptions
        {
            Name = $"cuda:{options.Device}",
            Gpu = options.Device,
            KvBlocks = 512,
            MaxStepTokens = 512,
            HostLogits = true,
            KernelCache = Path.Combine(options.Work, "kernels"),
        });
        report.Line($"{graph.Config.Architecture} on {device.Info.Description}");
        var greedy = new Greedy(device);
        var same = 0;
        double furthest = 0;
        var alone = new List<Greedy.Continuation>();
        for (var i = 0; i < prompts.Count; i++)
        {
            var run = greedy.Run([prompts[i].Tokens], count)[0];
            alone.Add(run);
            var agreed = Agreed(expected[i], run, out var tie);
            for (var step = 0; step < agreed; step++)
                furthest = Math.Max(furthest, expected[i].Logits[step].Zip(run.Logits[step], static (a, b) => Math.Abs((double)a - b)).Max());
            if (agreed == count || tie)
                same++;
            else
                report.Fault($"{model}{prompts[i].Name}: token {agreed} is {run.Tokens[agreed]} instead of {expected[i].Tokens[agreed]}, {expected[i].Gaps[agreed]:g3} before the second");
        }

        report.Line(string.Create(CultureInfo.InvariantCulture, $"{same} of {prompts.Count} prompts have the processor's {count} tokens, up to a tie of {Tie}; logits differ by at most {furthest:g3}"));
        report.Figure($"{model}prompts", prompts.Count);
        report.Figure($"{model}prompts_equal", same);
        report.Figure($"{model}logit_difference", furthest);
        SameBits(report, model, "side by side", alone, greedy.Run([.. prompts.Select(static prompt => prompt.Tokens)], count));
        SameBits(report, model, "with prompts in pieces of 7 tokens", alone, greedy.Run([.. prompts.Select(static prompt => prompt.Tokens)], count, chunk: 7));
    }

    private static int Agreed(Greedy.Continuation expected, Greedy.Continuation run, out bool tie)
    {
        tie = false;
        for (var step = 0; step < expected.Tokens.Count; step++)
        {
            if (expected.Tokens[step] == run.Tokens[step])
                continue;
            tie = expected.Gaps[step] < Tie;
            return step;
        }

        return expected.Tokens.Count;
    }

    private static void SameBits(StepReport report, string model, string how, List<Greedy.Continuation> alone, IReadOnlyList<Greedy.Continuation> other)
    {
        for (var i = 0; i < alone.Count; i++)
        {
            if (!alone[i].Tokens.SequenceEqual(other[i].Tokens))
                report.Fault($"{model}prompt {i} has other tokens {how} than alone");
        }

        var equal = alone.Zip(other).Sum(static pair => pair.First.Logits.Zip(pair.Second.Logits).Count(static logits => logits.First.AsSpan().SequenceEqual(logits.Second)));
        report.Line($"{model}{how}: {equal} of {alone.Sum(static run => run.Logits.Count)} steps have the same bits as alone");
        report.Figure($"{model}steps of the same bits {how}", equal);
    }
}
