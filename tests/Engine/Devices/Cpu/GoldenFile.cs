using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>A model file with its goldens, which tests run whole: every step of every prompt.</summary>
internal sealed record GoldenFile(string Path, Goldens Goldens)
{
    /// <summary>Threads of the device that computes it: of the larger model one, which does not wait for another beside other tests.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>The embedded model.</summary>
    public static GoldenFile Embedded => new(TestFiles.TinyModel, Goldens.Read(TestFiles.Project("models", "crescent-tiny.goldens.json")));

    public static GoldenFile SmolLM2 => new(
        TestFiles.Shared("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"), Goldens.Read(TestFiles.Shared("smollm2-135m-instruct", "goldens.json")))
    { Threads = 1 };

    /// <summary>A small random model of an architecture.</summary>
    public static GoldenFile OfArchitecture(string name) => new(
        TestFiles.Shared("arch", $"{name}.gguf"), Goldens.Read(TestFiles.Shared("arch", $"{name}.goldens.json")));

    /// <summary>The embedded model's weights in another quantisation.</summary>
    public static GoldenFile OfFormat(string name) => new(
        TestFiles.Shared("tiny", "formats", $"{name}.gguf"), Goldens.Read(TestFiles.Shared("tiny", "formats", $"{name}.goldens.json")));

    /// <summary>What the CPU device makes of every step, which must be as many as the file was made with.</summary>
    public IReadOnlyList<GoldenStep> Run(KvType kv = KvType.F16, ActivationPrecision activations = ActivationPrecision.Int8)
    {
        using var file = GgufFile.Open(Path);
        var options = new CpuDeviceOptions
        {
            Threads = Threads,
            Activations = activations,
            KvBlocks = GoldenStep.KvBlocks,
            KvType = kv,
            MaxStepTokens = GoldenStep.MaxStepTokens,
            MaxLogitRows = GoldenStep.MaxLogitRows,
        };
        using var device = new CpuDevice(Architecture.Read(file), options);
        var steps = GoldenStep.Run(device, Goldens);
        Assert.Equal(Goldens.LlamacppError.Steps, steps.Count);
        return steps;
    }

    /// <summary>
    /// Requires the golden tokens to be the likeliest, in each prompt up to the first step where the second is nearer than <paramref name="tie"/>.
    /// </summary>
    public void CheckGreedy(IReadOnlyList<GoldenStep> steps, double tie)
    {
        foreach (var prompt in steps.GroupBy(static step => step.Prompt))
        {
            foreach (var step in prompt.TakeWhile(step => step.Golden.Gap >= tie))
                Assert.True(step.Likeliest == step.Golden.Id, $"{Goldens.Model}, prompt {step.Prompt}: step {step.Index} is not token {step.Golden.Id}");
        }
    }
}
