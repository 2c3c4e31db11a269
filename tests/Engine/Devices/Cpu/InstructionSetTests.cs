using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>A processor decides how fast an answer comes, not what it is.</summary>
public sealed class InstructionSetTests
{
    private static readonly string[] Formats =
        ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "IQ4_NL", "IQ4_XS"];

    public static TheoryData<InstructionSet, ActivationPrecision, KvType> Choices() => new(
        from instructions in InstructionSets.All
        from precision in Enum.GetValues<ActivationPrecision>()
        from kv in Enum.GetValues<KvType>()
        select (instructions, precision, kv));

    [Theory]
    [MemberData(nameof(Choices))]
    public void The_embedded_models_logits_have_the_same_bits(InstructionSet instructions, ActivationPrecision precision, KvType kv) =>
        Compare(TestFiles.TinyModel, instructions, precision, kv);

    public static TheoryData<InstructionSet, string> Files()
    {
        var data = new TheoryData<InstructionSet, string>();
        foreach (var instructions in InstructionSets.All)
        {
            foreach (var name in Formats)
                data.Add(instructions, $"tiny/formats/{name}");
            foreach (var name in new[] { "qwen2", "qwen3", "qwen3moe", "qwen3-F16", "qwen3-BF16", "llama-bpe-rope-factors" })
                data.Add(instructions, $"arch/{name}");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Logits_of_every_kind_of_model_have_the_same_bits(InstructionSet instructions, string name) =>
        Compare(TestFiles.Shared([.. $"{name}.gguf".Split('/')]), instructions, ActivationPrecision.Int8, KvType.F16);

    private static void Compare(string path, InstructionSet instructions, ActivationPrecision precision, KvType kv)
    {
        InstructionSets.Require(instructions);
        Assert.Equal(Logits(path, InstructionSet.Vector128, precision, kv), Logits(path, instructions, precision, kv));
    }

    /// <summary>The logits of each token of a text, its prompt in chunks and the rest one by one.</summary>
    private static List<float[]> Logits(string path, InstructionSet instructions, ActivationPrecision precision, KvType kv)
    {
        using var file = GgufFile.Open(path);
        var graph = Architecture.Read(file);
        using var device = new CpuDevice(
            graph,
            new CpuDeviceOptions { Threads = 2, InstructionSet = instructions, Activations = precision, KvType = kv, KvBlocks = 12 });
        var random = new Random(11);
        var tokens = Enumerable.Range(0, 150).Select(_ => random.Next(graph.Config.VocabularySize)).ToArray();
        var sequence = new DeviceSequence(device, 160);
        var logits = new List<float[]> { sequence.AppendChunked(tokens.AsSpan(0, 145).ToArray(), 23) };
        logits.AddRange(tokens.AsSpan(145).ToArray().Select(token => sequence.Append(token)));
        return logits;
    }
}
