using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Parallel;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;
using Crescent.GpuCheck.Kernels;
using Crescent.GpuCheck.Model;

namespace Crescent.Tests.Cuda;

/// <summary>How a model is divided among GPUs; none is needed for it.</summary>
public sealed unsafe class GraphShareTests
{
    [Theory]
    [InlineData("llama-spm")]
    [InlineData("qwen2")]
    [InlineData("qwen3moe")]
    [InlineData("gpt-oss")]
    [InlineData("gemma3")]
    [InlineData("phi3")]
    [InlineData("deepseek2")]
    [InlineData("gemma4")]
    [InlineData("gemma4-moe")]
    [InlineData("qwen35")]
    [InlineData("qwen35moe")]
    [InlineData("qwen3next")]
    [InlineData("granitehybrid")]
    [InlineData("nemotron_h")]
    [InlineData("lfm2")]
    [InlineData("lfm2moe")]
    public void Shares_put_together_are_the_model(string name)
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", $"{name}.gguf"));
        var graph = Architecture.Read(file);
        DecoderGraph[] shares = [GraphShare.Of(graph, 0, 2), GraphShare.Of(graph, 1, 2)];
        Assert.Equal(graph.Config.QueryWidth, shares.Sum(static share => share.Config.QueryWidth));
        Assert.Equal(graph.Config.KvWidth, shares.Sum(static share => share.Config.KvWidth) / (graph.Operators.Any(static step => step is LatentAttentionOperator) ? 2 : 1));
        Assert.Same(graph.Output, shares[0].Output);
        Assert.Same(shares[1].TokenEmbedding, shares[1].Output);
        Assert.All(shares, share => Assert.Same(graph.PerLayer, share.PerLayer));
        for (var layer = 0; layer < graph.Layers.Count; layer++)
        {
            Assert.All(shares, share => Assert.Equal(Norms(graph.Layers[layer].Branches), Norms(share.Layers[layer].Branches)));
            foreach (var (whole, at) in graph.Layers[layer].Operators.Select(static (step, at) => (step, at)))
                Same(whole, [.. shares.Select(share => share.Layers[layer].Operators.ElementAt(at))]);
        }
    }

    [Fact]
    public void What_lies_between_matrices_is_divided_as_evenly_as_scales_let_it_be()
    {
        using var folder = new TemporaryFolder();
        var path = folder.At("oss.gguf");
        SmallGptOss.Write(path, kvHeads: 8, hidden: 288);
        using var file = GgufFile.Open(path);
        var graph = Architecture.Read(file);
        GraphShare.Check(graph, 8);
        var down = graph.Operators.OfType<MixtureOperator>().First().Down[0];
        (int First, int Count)[] ranges = [.. Enumerable.Range(0, 4).Select(part => GraphShare.Range(down, part, 4))];
        Assert.Equal([(0, 96), (96, 64), (160, 64), (224, 64)], ranges);
        MixtureOperator[] shares = [.. Enumerable.Range(0, 8).Select(part => GraphShare.Of(graph, part, 8).Operators.OfType<MixtureOperator>().First())];
        Same(graph.Operators.OfType<MixtureOperator>().First(), shares);
    }

    [Theory]
    [InlineData("qwen3moe", 4, "it has 2 KV heads, which 4 GPUs cannot share; have devices of 2 GPUs, or of one")]
    [InlineData("qwen3moe", 3, "it has 2 KV heads, which 3 GPUs cannot share")]
    [InlineData("deepseek2", 3, "it has 4 heads of latent attention, which 3 GPUs cannot share; have devices of 2 GPUs, or of one")]
    [InlineData("qwen35", 4, "it has 2 key heads in gated delta nets, which 4 GPUs cannot share; have devices of 2 GPUs, or of one")]
    [InlineData("qwen3next", 3, "it has 2 key heads in gated delta nets, which 3 GPUs cannot share")]
    [InlineData("nemotron_h", 3, "it has 2 groups of 4 heads in Mamba-2, which 3 GPUs cannot share; have devices of 2 GPUs, or of one")]
    [InlineData("lfm2", 8, "it has 64 columns in F32, which 8 GPUs cannot share; have devices of 2 GPUs, or of one")]
    [InlineData("gpt-oss-MXFP4", 2, "it has 32 columns in MXFP4, which 2 GPUs cannot share; serve it on one GPU a device")]
    [InlineData("deepseek2", 4, "it has 32 columns in F32, which 4 GPUs cannot share; have devices of 2 GPUs, or of one")]
    [InlineData("gemma4", 4, "it has 2 KV heads, which 4 GPUs cannot share; have devices of 2 GPUs, or of one")]
    [InlineData("gemma4-moe", 4, "it has 2 KV heads, which 4 GPUs cannot share; have devices of 2 GPUs, or of one")]
    public void What_does_not_divide_is_refused_by_name_with_what_does(string name, int gpus, string says)
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", $"{name}.gguf"));
        var graph = Architecture.Read(file);
        CudaDevice.CheckFit(graph);
        var fault = Assert.Throws<InvalidModelException>(() => CudaDevice.CheckFit(graph, gpus));
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Some_columns_of_a_matrix_of_any_type_are_its_values_also_within_a_block()
    {
        var random = new Random(3);
        foreach (var type in Enum.GetValues<GgmlType>())
        {
            var (rows, columns) = (5, Math.Max(4, 512 / GgmlTypes.BlockLength(type)) * GgmlTypes.BlockLength(type));
            var values = RandomTensor.Of(type, rows, columns, random);
            fixed (byte* data = values.Bytes)
            {
                var tensor = new GgufTensor("w", type, [columns, rows], data, values.Bytes.Length);
                for (var i = 0; i < 10; i++)
                {
                    var first = random.Next(columns);
                    var count = random.Next(1, columns - first + 1);
                    var inner = random.Next(count);
                    var some = tensor.SomeColumns(first, count).SomeColumns(inner, count - inner).Slice(1, 3);
                    Assert.Equal(count - inner, some.Columns);
                    for (var row = 0; row < 3; row++)
                        Equal(some, values.Values.AsSpan(((row + 1) * columns) + first + inner, count - inner).ToArray(), Row(some, row));
                }
            }
        }
    }

    private static void Same(LayerOperator whole, LayerOperator[] shares)
    {
        switch (whole)
        {
            case AttentionOperator attention:
                AttentionOperator[] heads = [.. shares.Cast<AttentionOperator>()];
                Assert.Equal(attention.Heads.Count, heads.Sum(static share => share.Heads.Count));
                ByRows(attention.Query, heads.Select(static share => share.Query));
                ByRows(attention.Key, heads.Select(static share => share.Key));
                ByRows(attention.Value, heads.Select(static share => share.Value));
                Assert.All(heads, share => Assert.Equal(attention.KeysOf is null, share.KeysOf is null));
                ByColumns(attention.Output, heads.Select(static share => share.Output));
                ByColumns(attention.QueryBias, heads.Select(static share => share.QueryBias));
                ByColumns(attention.KeyBias, heads.Select(static share => share.KeyBias));
                ByColumns(attention.ValueBias, heads.Select(static share => share.ValueBias));
                ByColumns(attention.Sinks, heads.Select(static share => share.Sinks));
                Assert.All(heads, share => Assert.Same(attention.OutputBias, share.OutputBias));
                break;
            case LatentAttentionOperator latent:
                LatentAttentionOperator[] latents = [.. shares.Cast<LatentAttentionOperator>()];
                Assert.All(latents, share => Assert.Equal(latent.Core.Heads.Count, share.Core.Heads.Count * latents.Length));
                Assert.All(latents, share => Assert.Equal((latent.Rank, latent.PlainSize, latent.TurningSize, latent.ValueSize), (share.Rank, share.PlainSize, share.TurningSize, share.ValueSize)));
                Assert.All(latents, share => Assert.Equal((latent.QueryDown, latent.QueryNorm, latent.LatentNorm, latent.Core.Key), (share.QueryDown, share.QueryNorm, share.LatentNorm, share.Core.Key)));
                Assert.Equal(latent.KeyHeads, latents.SelectMany(static share => share.KeyHeads));
                Assert.Equal(latent.ValueHeads, latents.SelectMany(static share => share.ValueHeads));
                ByRows(latent.Core.Query, latents.Select(static share => share.Core.Query));
                ByColumns(latent.Core.Output, latents.Select(static share => share.Core.Output));
                break;
            case FeedForwardOperator dense:
                FeedForwardOperator[] parts = [.. shares.Cast<FeedForwardOperator>()];
                ByRows(dense.Gate, parts.Select(static share => share.Gate));
                ByRows(dense.Up, parts.Select(static share => share.Up));
                ByColumns(dense.Down, parts.Select(static share => share.Down));
                break;
            case MixtureOperator mixture:
                MixtureOperator[] experts = [.. shares.Cast<MixtureOperator>()];
                Assert.All(experts, share => Assert.Equal((mixture.Router, mixture.RouterNorm, mixture.OutputScale), (share.Router, share.RouterNorm, share.OutputScale)));
                for (var expert = 0; expert < mixture.ExpertCount; expert++)
                {
                    ByRows(mixture.Gate[expert], experts.Select(share => share.Gate[expert]));
                    ByRows(mixture.Up[expert], experts.Select(share => share.Up[expert]));
                    ByColumns(mixture.Down[expert], experts.Select(share => share.Down[expert]));
                }

                ByColumns(mixture.GateBias, experts.Select(static share => share.GateBias));
                ByColumns(mixture.UpBias, experts.Select(static share => share.UpBias));
                Assert.Same(mixture.DownBias, experts[0].DownBias);
                Assert.All(experts.Skip(1), static share => Assert.Null(share.DownBias));
                break;
            case PerLayerInputOperator:
                Assert.All(shares, share => Assert.Same(whole, share));
                break;
            case StateOperator state:
                StateShareTests.Same(state, [.. shares.Cast<StateShare>()]);
                break;
            default:
                Assert.Fail($"{whole.Name} is not divided");
                break;
        }
    }

    private static IEnumerable<GgufTensor?> Norms(IEnumerable<ResidualBranch> branches) =>
        branches.SelectMany(static branch => new[] { branch.Norm, branch.PostNorm }.Concat(Norms(branch.Parts)));

    private static void ByRows(GgufTensor? whole, IEnumerable<GgufTensor?> parts)
    {
        if (Missing(whole, parts))
            return;
        Equal(whole!, [.. Rows(whole!).SelectMany(static row => row)], [.. parts.SelectMany(static part => Rows(part!)).SelectMany(static row => row)]);
    }

    private static void ByColumns(GgufTensor? whole, IEnumerable<GgufTensor?> parts)
    {
        if (Missing(whole, parts))
            return;
        var shares = parts.Select(part => Rows(part!).ToArray()).ToArray();
        foreach (var (row, at) in Rows(whole!).Select(static (row, at) => (row, at)))
            Equal(whole!, row, [.. shares.SelectMany(share => share[at])]);
    }

    private static bool Missing(GgufTensor? whole, IEnumerable<GgufTensor?> parts)
    {
        Assert.All(parts, part => Assert.Equal(whole is null, part is null));
        return whole is null;
    }

    // Millions of values: compared as memory.
    private static void Equal(GgufTensor tensor, float[] expected, float[] actual) => Assert.True(expected.AsSpan().SequenceEqual(actual), $"parts of {tensor.Name} are not the whole");

    private static IEnumerable<float[]> Rows(GgufTensor tensor) => Enumerable.Range(0, (int)tensor.Rows).Select(row => Row(tensor, row));

    private static float[] Row(GgufTensor tensor, int row)
    {
        var bytes = tensor.Row(row);
        var stored = new float[bytes.Length / GgmlTypes.BlockBytes(tensor.Type) * GgmlTypes.BlockLength(tensor.Type)];
        Dequantizer.Dequantize(tensor.Type, bytes, stored);
        return stored[tensor.FirstColumn..(tensor.FirstColumn + tensor.Columns)];
    }
}
