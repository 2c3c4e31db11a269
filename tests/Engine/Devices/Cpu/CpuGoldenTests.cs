using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>
/// The CPU device against exact logprobs at every golden step, each decoded by itself after its prompt, and greedy decoding against
/// the golden tokens up to the first near tie.
/// </summary>
public sealed class CpuGoldenTests
{
    private const int AllPrompts = int.MaxValue;

    [Theory]
    [InlineData("gpt2-pre")]
    [InlineData("llama-bpe-rope-factors")]
    [InlineData("llama-spm")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("qwen3moe")]
    [InlineData("qwen3-F16")]
    [InlineData("qwen3-BF16")]
    public void Float_weights_and_float_keys_and_values_are_exact(string name)
        => Assert.InRange(ArchitectureErrors(name, KvType.F32)[^1], 0, 1e-3);

    [Theory]
    [InlineData("llama-bpe-rope-factors")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("qwen3moe")]
    public void Half_precision_keys_and_values_cost_little(string name)
        => Assert.InRange(ArchitectureErrors(name, KvType.F16)[^1], 0, 1e-2);

    [Fact]
    public void The_embedded_model_is_no_further_from_exact_than_llama_cpp()
        => CompareWithLlamaCpp(TestFiles.TinyModel, Goldens.Read(TestFiles.Project("models", "crescent-tiny.goldens.json")), prompts: 10);

    [Theory]
    [InlineData("Q4_0")]
    [InlineData("Q4_1")]
    [InlineData("Q5_0")]
    [InlineData("Q5_1")]
    [InlineData("Q2_K")]
    [InlineData("Q3_K_M")]
    [InlineData("Q4_K_M")]
    [InlineData("Q5_K_M")]
    [InlineData("Q6_K")]
    [InlineData("IQ4_NL")]
    [InlineData("IQ4_XS")]
    public void A_quantised_file_is_no_further_from_exact_than_llama_cpp(string format)
        => CompareWithLlamaCpp(
            TestFiles.Shared("tiny", "formats", $"{format}.gguf"),
            Goldens.Read(TestFiles.Shared("tiny", "formats", $"{format}.goldens.json")), prompts: 3);

    [Fact]
    public void SmolLM2_is_no_further_from_exact_than_llama_cpp()
        => CompareWithLlamaCpp(
            TestFiles.Shared("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"),
            Goldens.Read(TestFiles.Shared("smollm2-135m-instruct", "goldens.json")), prompts: 3);

    private static void CompareWithLlamaCpp(string path, Goldens goldens, int prompts)
    {
        var errors = Errors(path, goldens, prompts);
        var mean = errors.Average();
        var p99 = errors[(int)(errors.Length * 0.99)];
        var bound = goldens.LlamacppError;
        Assert.True(mean <= 1.5 * bound.Mean, $"mean error {mean:G3}, llama.cpp's is {bound.Mean:G3}");
        Assert.True(p99 <= 1.5 * bound.P99, $"p99 error {p99:G3}, llama.cpp's is {bound.P99:G3}");
    }

    private static double[] ArchitectureErrors(string name, KvType kv)
        => Errors(
            TestFiles.Shared("arch", $"{name}.gguf"), Goldens.Read(TestFiles.Shared("arch", $"{name}.goldens.json")), AllPrompts, kv);

    private static double[] Errors(string path, Goldens goldens, int prompts, KvType kv = KvType.F16)
    {
        using var file = GgufFile.Open(path);
        var graph = Architecture.Read(file);
        using var device = new CpuDevice(
            graph, new CpuDeviceOptions { Threads = 2, KvBlocks = 256, KvType = kv, MaxStepTokens = 256, MaxLogitRows = 4 });
        var errors = new List<double>();
        foreach (var prompt in goldens.Prompts.OrderBy(static prompt => prompt.AllIds.Length).Take(prompts))
        {
            var sequence = new DeviceSequence(device, prompt.AllIds.Length + 1);
            var logits = sequence.AppendChunked(prompt.Ids, 200);
            var greedy = true;
            for (var i = 0; i < prompt.Steps.Count; i++)
            {
                var step = prompt.Steps[i];
                errors.AddRange(LogProbabilities.Errors(logits, step));
                greedy &= step.Gap >= goldens.Tie;
                if (greedy)
                    Assert.True(LogProbabilities.ArgMax(logits) == step.Id, $"{goldens.Model}, prompt {prompt}: step {i} is not token {step.Id}");
                if (i + 1 < prompt.Steps.Count)
                    logits = sequence.Append(step.Id);
            }
        }

        errors.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{goldens.Model}: mean {errors.Average():G3} p99 {errors[(int)(errors.Count * 0.99)]:G3} greatest {errors[^1]:G3}; "
            + $"llama.cpp {goldens.LlamacppError.Mean:G3} {goldens.LlamacppError.P99:G3} {goldens.LlamacppError.Max:G3}");
        return [.. errors];
    }
}
