using Crescent.Engine.Devices.Cpu;

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
        Assert.Equal(RandomText.Logits(path, InstructionSet.Vector128, precision, kv), RandomText.Logits(path, instructions, precision, kv));
    }
}
