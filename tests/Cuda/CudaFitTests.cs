using Crescent.Engine.Cuda;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Tests.Cuda;

/// <summary>What of a model CUDA devices do not run is refused by name before anything is loaded.</summary>
public sealed class CudaFitTests
{
    [Theory]
    [InlineData("stream", "layers that scale the residual stream behind a branch without a norm behind it")]
    [InlineData("windows", "windows and chunks of more than 8 lengths")]
    public void What_a_whole_model_has_is_refused(string what, string says) => Refused("qwen3", says, graph => what switch
    {
        "stream" => graph with { Layers = [.. graph.Layers.Select(static layer => layer with { OutputScale = 2 })] },
        _ => graph with { Layers = [.. Enumerable.Range(0, 10).Select(i => Changed(graph.Layers[0], attention => attention with { Window = i }))] },
    });

    [Theory]
    [InlineData("chunks", "chunks of 72 positions, which are not whole times 16")]
    [InlineData("keys", "attention that sees another layer's keys further or less far than that, or with heads of another size")]
    [InlineData("values", "biases of some of queries, keys and values")]
    [InlineData("query bias", "biases of some of queries, keys and values")]
    [InlineData("value bias", "biases of some of queries, keys and values")]
    [InlineData("gated", "biases of gated attention")]
    [InlineData("turned", "norms of heads before and after they turn")]
    [InlineData("longer", "norms of heads that turning makes longer")]
    [InlineData("no keys", "attention without keys")]
    [InlineData("scores", "capped scores")]
    public void What_an_attention_has_is_refused(string what, string says) => Refused("qwen2", says, graph => graph with
    {
        Layers = [.. graph.Layers.Select(layer => Changed(layer, attention => what switch
        {
            "chunks" => attention with { ChunkLength = 72 },
            "keys" => attention with { KeysOf = attention, Window = 20 },
            "no keys" => attention with { Key = null, KeyBias = null },
            "values" => attention with { Value = null, ValueBias = null },
            "query bias" => attention with { QueryBias = null },
            "value bias" => attention with { ValueBias = null },
            "gated" => attention with { HasOutputGate = true },
            "turned" => attention with { NormalisesTurned = true, QueryNorm = graph.OutputNorm },
            "longer" => attention with { NormalisesTurned = true, Rope = attention.Rope! with { Magnitude = 1.2 } },
            _ => attention with { ScoreCap = 50 },
        }))],
    });

    [Theory]
    [InlineData("attention part", "attention among parts with norms of their own")]
    [InlineData("part", "a branch without a norm")]
    [InlineData("scaled parts", "a scaled part behind a norm")]
    [InlineData("operators beside", "operators beside parts with norms of their own")]
    [InlineData("norm beside", "operators beside parts with norms of their own")]
    [InlineData("one part", "one part with norms of its own")]
    [InlineData("no norm of the sum", "several parts without a norm of their sum")]
    [InlineData("parts in parts", "parts in parts, or scaled ones")]
    [InlineData("scaled part", "parts in parts, or scaled ones")]
    [InlineData("no table", "per-layer embeddings without a table")]
    [InlineData("told", "per-layer embeddings behind a norm or beside other operators")]
    [InlineData("behind a bias", "a branch without a norm behind a bias of attention's output")]
    [InlineData("norm", "a branch without a norm")]
    [InlineData("scale", "a scaled part behind a norm")]
    [InlineData("bias", "a norm or a scale behind a bias of attention's output")]
    [InlineData("scaled bias", "a norm or a scale behind a bias of attention's output")]
    [InlineData("bias among several", "a norm or a scale behind a bias of attention's output")]
    [InlineData("last", "a bias behind the last layer")]
    public void What_a_branch_has_is_refused(string what, string says) => Refused("gpt-oss", says, graph =>
    {
        var layer = graph.Layers[^1];
        var (attention, experts) = (layer.Branches[0], layer.Branches[1]);
        DecoderLayer changed = new(what switch
        {
            "attention part" => [attention, new ResidualBranch { Norm = null, Operators = [], Parts = [attention, experts] }],
            "part" => [attention, new ResidualBranch { Norm = null, Operators = [], Parts = [experts, experts with { Norm = null }] }],
            "scaled parts" => [attention, new ResidualBranch { Norm = null, Operators = [], Parts = [experts], Scale = 2 }],
            "operators beside" => [attention, experts with { Norm = null, Parts = [experts, experts], PostNorm = experts.Norm }],
            "norm beside" => [attention, new ResidualBranch { Norm = experts.Norm, Operators = [], Parts = [experts, experts], PostNorm = experts.Norm }],
            "one part" => [attention, new ResidualBranch { Norm = null, Operators = [], Parts = [experts], PostNorm = experts.Norm }],
            "no norm of the sum" => [attention, new ResidualBranch { Norm = null, Operators = [], Parts = [experts, experts] }],
            "parts in parts" => [attention, Parts(experts, Parts(experts, experts) with { Norm = null })],
            "scaled part" => [attention, Parts(experts, experts with { Scale = 2 })],
            "no table" => [attention, new ResidualBranch { Norm = null, Operators = [Told(graph)] }],
            "told" => [attention, experts with { Operators = [Told(graph)] }],
            "behind a bias" => [attention, experts with { Norm = null, Operators = [Told(graph)] }],
            "norm" => [attention, experts with { Norm = null }],
            "scale" => [attention, experts with { PostNorm = experts.Norm, Scale = 0.5f }],
            "bias" => [attention with { PostNorm = attention.Norm }, experts],
            "scaled bias" => [attention with { Scale = 2 }, experts],
            "bias among several" => [attention with { Operators = [.. attention.Operators, attention.Operators[0]] }, experts],
            _ => [experts, attention],
        });
        return graph with { Layers = [.. graph.Layers.SkipLast(1), changed], PerLayer = what == "no table" ? null : new PerLayerInput(graph.Output, graph.Output, graph.OutputNorm) };
    });

    [Fact]
    public void A_model_without_attention_is_refused() =>
        Refused("lfm2", "no attention", static graph => graph with
        {
            Layers = [.. graph.Layers.Select(static layer => new DecoderLayer([.. layer.Branches.Where(static branch => branch.Operators[0] is not AttentionOperator)]))],
        });

    [Theory]
    [InlineData(272)]
    [InlineData(30)]
    public void A_state_of_too_wide_or_odd_rows_is_refused(int columns) => Refused("nemotron_h", $"states of {columns} values a row", graph => graph with
    {
        Layers = [.. graph.Layers.Select(layer => new DecoderLayer([.. layer.Branches.Select(branch => branch with
        {
            Operators = [.. branch.Operators.Select(step => step is Mamba2Operator mamba ? mamba with { StateSize = columns } : step)],
        })]))],
    });

    private static void Refused(string name, string says, Func<DecoderGraph, DecoderGraph> change)
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", $"{name}.gguf"));
        var graph = change(Architecture.Read(file));
        var fault = Assert.Throws<InvalidModelException>(() => CudaDevice.CheckFit(graph));
        Assert.Contains($"{name} has {says}", fault.Message);
        Assert.Contains("--devices cpu", fault.Message);
    }

    private static PerLayerInputOperator Told(DecoderGraph graph) => new() { Gate = graph.Output, Output = graph.Output, Layer = 0 };

    private static ResidualBranch Parts(ResidualBranch first, ResidualBranch second) => new() { Norm = null, Operators = [], Parts = [first, second], PostNorm = first.Norm };

    private static DecoderLayer Changed(DecoderLayer layer, Func<AttentionOperator, AttentionOperator> change) => new([.. layer.Branches.Select(branch => branch with
    {
        Operators = [.. branch.Operators.Select(step => step is AttentionOperator attention ? change(attention) : step)],
    })]);
}
