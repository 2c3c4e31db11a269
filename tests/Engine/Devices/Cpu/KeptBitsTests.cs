using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Crescent.Engine.Devices.Cpu;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>
/// Logits have the bits that are kept in <c>tests/data/logit-bits.txt</c>, whatever runs the tests: x64 and ARM64, and each set of instructions
/// there. A change of the arithmetic that is meant writes the file anew: delete it, and run these tests once with <c>CRESCENT_WRITE_BITS</c> set.
/// </summary>
public sealed class KeptBitsTests
{
    private static readonly string[] Files =
        ["tiny/formats/Q4_0", "tiny/formats/Q5_1", "tiny/formats/Q2_K", "tiny/formats/Q3_K_M", "tiny/formats/Q4_K_M", "tiny/formats/Q6_K",
            "tiny/formats/IQ4_NL", "tiny/formats/IQ4_XS", "arch/qwen2", "arch/qwen3moe", "arch/qwen3-BF16", "arch/llama-bpe-rope-factors"];

    public static TheoryData<ActivationPrecision, KvType> Choices() => new(
        from precision in Enum.GetValues<ActivationPrecision>() from kv in Enum.GetValues<KvType>() select (precision, kv));

    public static TheoryData<string> Models() => new(Files);

    [Theory]
    [MemberData(nameof(Choices))]
    public void The_embedded_models_logits_have_the_bits_that_are_kept(ActivationPrecision precision, KvType kv) =>
        Check($"embedded {precision} {kv}", TestFiles.TinyModel, precision, kv);

    [Theory]
    [MemberData(nameof(Models))]
    public void Logits_of_every_kind_of_model_have_the_bits_that_are_kept(string name) =>
        Check(name, TestFiles.Shared([.. $"{name}.gguf".Split('/')]), ActivationPrecision.Int8, KvType.F16);

    private static void Check(string name, string path, ActivationPrecision precision, KvType kv)
    {
        var logits = RandomText.Logits(path, InstructionSet.Auto, precision, kv);
        var hash = Convert.ToHexStringLower(SHA256.HashData([.. logits.SelectMany(row => MemoryMarshal.AsBytes(row.AsSpan()).ToArray())]));
        var line = $"{name} {hash}";
        var file = TestFiles.Project("tests", "data", "logit-bits.txt");
        if (Environment.GetEnvironmentVariable("CRESCENT_WRITE_BITS") is not null)
            File.AppendAllText(file, line + "\n");
        Assert.Contains(line, File.ReadAllLines(file));
    }
}
