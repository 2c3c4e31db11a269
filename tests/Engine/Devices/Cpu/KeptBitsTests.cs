using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Crescent.Engine.Devices.Cpu;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>
/// A processor decides how fast an answer comes, not what it is: logits have the bits that are kept in <c>tests/data/logit-bits.txt</c>, whatever runs the tests, x64 and ARM64, with each set of
/// instructions there. Each set computes the embedded model with two threads once; the others have one, as golden steps of every kind are
/// computed by two. A change of the arithmetic that is meant writes the file anew: delete it, and run these tests once with <c>CRESCENT_WRITE_BITS</c> set.
/// </summary>
public sealed class KeptBitsTests
{
    private static readonly string[] Files =
    [
        "tiny/formats/Q4_0", "tiny/formats/Q4_1", "tiny/formats/Q5_0", "tiny/formats/Q5_1", "tiny/formats/Q2_K", "tiny/formats/Q3_K_M", "tiny/formats/Q4_K_M", "tiny/formats/Q5_K_M",
        "tiny/formats/Q6_K", "tiny/formats/IQ4_NL", "tiny/formats/IQ4_XS", "arch/qwen2", "arch/qwen3", "arch/qwen3moe", "arch/qwen3-F16", "arch/qwen3-BF16", "arch/llama-bpe-rope-factors",
        "arch/gemma3", "arch/gpt-oss", "arch/gpt-oss-MXFP4", "arch/phi3-long", "arch/smollm3", "arch/glm4moe", "arch/llama4", "arch/qwen35", "arch/qwen35moe", "arch/qwen3next", "arch/lfm2moe",
        "arch/granitehybrid", "arch/nemotron_h", "arch/deepseek2",
    ];

    public static TheoryData<InstructionSet, ActivationPrecision, KvType> Choices() => new(
        from instructions in InstructionSets.All
        from precision in Enum.GetValues<ActivationPrecision>()
        from kv in Enum.GetValues<KvType>()
        select (instructions, precision, kv));

    public static TheoryData<InstructionSet, string> Models() => new(from instructions in InstructionSets.All from name in Files select (instructions, name));

    [Theory]
    [MemberData(nameof(Choices))]
    public void The_embedded_models_logits_have_the_bits_that_are_kept(InstructionSet instructions, ActivationPrecision precision, KvType kv) =>
        Check($"embedded {precision} {kv}", TestFiles.TinyModel, instructions, precision, kv, threads: precision == ActivationPrecision.Int8 && kv == KvType.F16 ? 2 : 1);

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_of_every_kind_of_model_have_the_bits_that_are_kept(InstructionSet instructions, string name) =>
        Check(name, TestFiles.Shared([.. $"{name}.gguf".Split('/')]), instructions, ActivationPrecision.Int8, KvType.F16, threads: 1);

    private static void Check(string name, string path, InstructionSet instructions, ActivationPrecision precision, KvType kv, int threads)
    {
        InstructionSets.Require(instructions);
        var logits = RandomText.Logits(path, instructions, precision, kv, threads);
        var hash = Convert.ToHexStringLower(SHA256.HashData([.. logits.SelectMany(row => MemoryMarshal.AsBytes(row.AsSpan()).ToArray())]));
        var line = $"{name} {hash}";
        var file = TestFiles.Project("tests", "data", "logit-bits.txt");
        if (Environment.GetEnvironmentVariable("CRESCENT_WRITE_BITS") is not null && instructions == InstructionSet.Vector128)
            File.AppendAllText(file, line + "\n");
        Assert.Contains(line, File.ReadAllLines(file));
    }
}
