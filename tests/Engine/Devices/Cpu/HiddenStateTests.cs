using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Tests.Engine.Model;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>The hidden states of the CPU device against those of exact arithmetic, and their bits in every batch.</summary>
public sealed class HiddenStateTests
{
    [Theory]
    [InlineData("llama-bpe-rope-factors")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("qwen3moe")]
    public void With_float_keys_and_values_hidden_states_are_exact(string name) =>
        Compare(TestFiles.Shared("arch", $"{name}.gguf"), KvType.F32, tokens: 20, most: 1e-3);

    // Measured, with every instruction set: 0.0586 and 0.0023.
    [Theory]
    [InlineData(ActivationPrecision.Int8, 0.09)]
    [InlineData(ActivationPrecision.Int16, 0.005)]
    public void The_embedded_models_hidden_states_are_as_near_to_exact_as_their_activations(ActivationPrecision precision, double most) =>
        Compare(TestFiles.TinyModel, KvType.F16, tokens: 60, most, precision);

    [Theory]
    [InlineData(InstructionSet.Avx512Vnni)]
    [InlineData(InstructionSet.Avx512)]
    [InlineData(InstructionSet.Avx2Vnni)]
    [InlineData(InstructionSet.Avx2)]
    [InlineData(InstructionSet.Vector128Dot)]
    [InlineData(InstructionSet.Vector128)]
    public void Hidden_states_have_the_same_bits_in_every_batch(InstructionSet instructions)
    {
        InstructionSets.Require(instructions);
        using var file = GgufFile.Open(TestFiles.TinyModel);
        var tokens = Tokens(50, 2048);
        CpuDevice Open(int threads) =>
            new(Architecture.Read(file), new CpuDeviceOptions { Threads = threads, InstructionSet = instructions, KvBlocks = 64 });
        using var alone = Open(threads: 1);
        var expected = Execute(alone, tokens, chunk: 50);
        using var team = Open(threads: 3);
        Assert.Equal(expected, Execute(team, tokens, chunk: 7));

        // Beside others, of which one wants hidden states as well, one logits, and one nothing.
        var plan = new StepPlan(KvBlockSize.Of(team.Info));
        plan.Add(Tokens(5, 2048), 0, [10], LogitsWanted.All);
        plan.Add(Tokens(9, 2048), 0, [11], LogitsWanted.None, hiddenStates: true);
        plan.Add(Tokens(3, 2048), 0, [12], LogitsWanted.None);
        var first = plan.HiddenRowCount;
        var row = plan.Add(tokens, 0, [0, 1, 2, 3], LogitsWanted.Last, hiddenStates: true);
        Assert.Equal((9, 59, 5), (first, plan.HiddenRowCount, row));
        var batch = team.Execute(plan);
        for (var i = 0; i < tokens.Length; i++)
            Assert.Equal(expected[i], batch.HiddenState(first + i).ToArray());
        Assert.Equal(new DeviceSequence(alone, 64).Append(tokens), batch.Logits(row).ToArray());
    }

    private static void Compare(
        string path, KvType kv, int tokens, double most, ActivationPrecision precision = ActivationPrecision.Int8)
    {
        using var file = GgufFile.Open(path);
        var graph = Architecture.Read(file);
        var prompt = Tokens(tokens, graph.Config.VocabularySize);
        var exact = new ReferenceDecoder(graph).HiddenStates(prompt);
        using var device = new CpuDevice(graph, new CpuDeviceOptions { Threads = 2, KvBlocks = 16, KvType = kv, Activations = precision });
        Assert.Equal(graph.Config.Width, device.Info.HiddenSize);
        var states = Execute(device, prompt, chunk: 16);

        // Relative to the length of the state.
        var errors = states.Zip(exact, static (state, truth) => Length(state.Zip(truth, static (a, b) => a - b)) / Length(truth)).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine($"{Path.GetFileName(path)}: greatest error {errors.Max():G3}");
        Assert.InRange(errors.Max(), 0, most);
    }

    private static List<float[]> Execute(CpuDevice device, int[] tokens, int chunk)
    {
        var states = new List<float[]>();
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        for (var start = 0; start < tokens.Length; start += chunk)
        {
            plan.Clear();
            var count = Math.Min(chunk, tokens.Length - start);
            plan.Add(tokens.AsSpan(start, count), start, [0, 1, 2, 3], LogitsWanted.None, hiddenStates: true);
            var result = device.Execute(plan);
            for (var i = 0; i < count; i++)
                states.Add(result.HiddenState(i).ToArray());
        }

        return states;
    }

    private static double Length(IEnumerable<float> values) => Math.Sqrt(values.Sum(static value => (double)value * value));

    private static int[] Tokens(int count, int vocabulary)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }
}
