using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model;

/// <summary>
/// Exact logprobs of every tensor type and architecture: they hold only if reader, dequantiser and architecture are all right. The
/// goldens were computed by another implementation and rounded to four decimals.
/// </summary>
public sealed class GoldenModelTests
{
    [Fact]
    public void The_embedded_model_has_the_exact_logprobs()
        => Compare(TestFiles.TinyModel, Goldens.Read(TestFiles.Project("models", "crescent-tiny.goldens.json")), prompts: 4);

    [Theory]
    [InlineData("Q4_0", GgmlType.Q4_0)]
    [InlineData("Q4_1", GgmlType.Q4_1)]
    [InlineData("Q5_0", GgmlType.Q5_0)]
    [InlineData("Q5_1", GgmlType.Q5_1)]
    [InlineData("Q2_K", GgmlType.Q2_K)]
    [InlineData("Q3_K_M", GgmlType.Q3_K)]
    [InlineData("Q4_K_M", GgmlType.Q4_K)]
    [InlineData("Q5_K_M", GgmlType.Q5_K)]
    [InlineData("Q6_K", GgmlType.Q6_K)]
    [InlineData("IQ4_NL", GgmlType.IQ4_NL)]
    [InlineData("IQ4_XS", GgmlType.IQ4_XS)]
    public void A_quantised_file_has_the_exact_logprobs(string format, GgmlType type)
        => Compare(
            TestFiles.Shared("tiny", "formats", $"{format}.gguf"),
            Goldens.Read(TestFiles.Shared("tiny", "formats", $"{format}.goldens.json")), prompts: 2, type: type);

    [Theory]
    [MemberData(nameof(GoldenArchitectures.Exact), MemberType = typeof(GoldenArchitectures))]
    [InlineData("gpt-oss-MXFP4")]
    public void An_architecture_has_the_exact_logprobs(string name)
        => Compare(TestFiles.Shared("arch", $"{name}.gguf"), Goldens.Read(TestFiles.Shared("arch", $"{name}.goldens.json")), 100, GoldenArchitectures.TypeOf(name));

    private static void Compare(string path, Goldens goldens, int prompts, GgmlType? type = null)
    {
        using var file = GgufFile.Open(path);
        var graph = Architecture.Read(file);
        Assert.True(type is null || Tensors(graph).Any(tensor => tensor.Type == type), $"no tensor of {path} is {type}");
        var decoder = new ReferenceDecoder(graph);
        var worst = 0.0;
        foreach (var prompt in goldens.Prompts.OrderBy(static prompt => prompt.Ids.Length).Take(prompts))
        {
            var rows = decoder.LogProbabilities(prompt.AllIds, prompt.Ids.Length - 1);
            for (var step = 0; step < prompt.Steps.Count; step++)
            {
                foreach (var candidate in prompt.Steps[step].Top)
                {
                    var error = Math.Abs(rows[step][candidate.Id] - candidate.Exact);
                    worst = Math.Max(worst, error);
                    Assert.True(error <= 1e-3, $"{goldens.Model}, prompt {prompt}, step {step}, token {candidate.Id}: "
                        + $"{rows[step][candidate.Id]} is not {candidate.Exact}");
                }
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{goldens.Model}: greatest error {worst:G3}");
    }

    private static IEnumerable<GgufTensor> Tensors(DecoderGraph graph) =>
        graph.Operators.SelectMany(static step => step.Matrices).Append(graph.TokenEmbedding);
}
