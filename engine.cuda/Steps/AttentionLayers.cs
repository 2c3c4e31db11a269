using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Layers;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>The attentions of a step.</summary>
internal sealed class AttentionLayers
{
    private readonly StepTools _tools;
    private readonly IReadOnlyList<RopeWeights> _ropes;
    private readonly KvPool _kv;
    private readonly KvShares _shares;
    private readonly Kernel _angles;
    private readonly Kernel _rope;
    private readonly Kernel _temperature;
    private readonly Dictionary<int, AttentionKernels> _kernels = []; // by values of a head as they lie
    private readonly Kernel _gate;
    private readonly DeviceBuffer _projected; // (rows of projections, tokens)
    private readonly DeviceBuffer _queries; // halves (padded head, heads, tokens)
    private readonly DeviceBuffer _attended; // halves (padded query width, tokens)
    private readonly DeviceBuffer[] _turns; // float2 (dimensions / 2, tokens) of each way to turn
    private readonly AttentionTemperature[] _temperatures;
    private readonly DeviceBuffer[] _factors; // (tokens) of each temperature
    private readonly DeviceBuffer _partials; // (padded head, heads, rows)
    private readonly DeviceBuffer _partialSums; // (2, heads, rows)
    private readonly DeviceBuffer _counters; // ints (key heads * head groups, tokens)

    /// <param name="tools">Of the step.</param>
    /// <param name="layers">All attentions of the model.</param>
    /// <param name="ropes">Ways to turn.</param>
    /// <param name="kv">The cache.</param>
    /// <param name="shares">What attentions look at in it.</param>
    /// <param name="partialRows">Rows of partial attention.</param>
    public AttentionLayers(StepTools tools, IReadOnlyCollection<AttentionWeights> layers, IReadOnlyList<RopeWeights> ropes, KvPool kv, KvShares shares, int partialRows)
    {
        _tools = tools;
        _ropes = ropes;
        _kv = kv;
        _shares = shares;
        _angles = tools.Kernels.Get("layers.cu", "rope_angles");
        _rope = tools.Kernels.Get("layers.cu", "rope_store");
        _temperature = tools.Kernels.Get("layers.cu", "score_temperatures");
        _gate = tools.Kernels.Get("layers.cu", "gate_heads");
        foreach (var padded in layers.Select(PaddedOf).Distinct())
        {
            _kernels[padded] = AttentionKernels.Of(tools.Kernels, padded);
        }

        _projected = tools.Allocate(4L * layers.Max(static layer => layer.Projections.Rows));
        _queries = tools.Allocate(2L * layers.Max(PaddedQueries));
        _attended = tools.Allocate(2L * layers.Max(static layer => layer.Output.Padded));
        _turns = [.. ropes.Select(rope => tools.Allocate(4L * rope.Settings.Dimensions))];
        _temperatures = [.. layers.Select(static layer => layer.Temperature).OfType<AttentionTemperature>().Distinct()];
        _factors = [.. _temperatures.Select(_ => tools.Allocate(4))];
        _partials = tools.AllocateBytes(4L * partialRows * layers.Max(PaddedQueries));
        _partialSums = tools.AllocateBytes(8L * partialRows * layers.Max(static layer => layer.Heads.Count));
        _counters = tools.AllocateBytes(4L * tools.MaxTokens * layers.Max(HeadGroups));
    }

    /// <summary>Queues what all layers need of a step's positions.</summary>
    public void Begin(int tokens)
    {
        for (var i = 0; i < _turns.Length; i++)
        {
            var rope = _ropes[i];
            var half = rope.Settings.Dimensions / 2;
            _angles.With(_tools.Layout.Positions).With(rope.Frequencies.Pointer).With(_turns[i].Pointer).With(tokens).With(half).With((float)rope.Settings.Magnitude)
                .Launch(((tokens * half) + 127) / 128, 1, 128);
        }

        for (var i = 0; i < _factors.Length; i++)
        {
            var temperature = _temperatures[i];
            _temperature.With(_tools.Layout.Positions).With(_factors[i].Pointer).With(tokens).With(temperature.Length).With(temperature.Offset).With(temperature.Scale)
                .Launch((tokens + 127) / 128, 1, 128);
        }
    }

    /// <summary>Queues an attention.</summary>
    /// <param name="layer">Which.</param>
    /// <param name="x">(padded width, rows): halves.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="target">Where to.</param>
    public void Run(AttentionWeights layer, CUdeviceptr x, int tokens, PartTarget target)
    {
        var offset = _kv.LayerOffset(_shares.OwnerOf(layer.Index));
        var works = _tools.Layout.Attention[_shares.ViewOf(layer.Index)];
        if (_tools.Has(StepParts.Products))
        {
            _tools.Products.Multiply(layer.Projections, x, tokens, _projected.Pointer);
        }

        if (_tools.Layout.IsDecode && layer.StoresPlainly && _kernels[PaddedOf(layer)].Decode is { } decode)
        {
            if (_tools.Has(StepParts.Attention))
            {
                AttendOneEach(decode, layer, works, offset);
            }
        }
        else
        {
            if (_tools.Has(StepParts.Rope))
            {
                Rope(layer, works, offset, tokens);
            }

            if (_tools.Has(StepParts.Attention))
            {
                AttendTo(layer, works, offset);
            }
        }

        if (layer.Gated && _tools.Has(StepParts.Attention))
        {
            var width = layer.Heads.QueryWidth;
            var gates = _projected.At(4L * (layer.Projections.Rows - width));
            _gate.With(_attended.Pointer).With(layer.Output.Padded).With(gates).With(layer.Projections.Rows).With(width).Launch((width + 255) / 256, tokens, 256);
        }

        if (_tools.Has(StepParts.Products))
        {
            _tools.Products.Multiply(layer.Output, _attended.Pointer, tokens, target.Pointer, _tools.Config.Width, target.Scale, target.Adds);
        }
    }

    private static int PaddedOf(AttentionWeights layer) => KvPool.PaddedHead(layer.Heads.Size);

    // Padded query values of a token.
    private static int PaddedQueries(AttentionWeights layer) => layer.Heads.Count * PaddedOf(layer);

    // Blocks that share a token's heads: a key head's query heads are taken 16 at a time.
    private static int HeadGroups(AttentionWeights layer) => layer.Heads.KvCount * (((layer.Heads.Count / layer.Heads.KvCount) + 15) / 16);

    private int Interleaved(AttentionWeights layer) => layer.Rope >= 0 && _ropes[layer.Rope].Settings.Layout == RopeLayout.Interleaved ? 1 : 0;

    // Values of a head that turn.
    private int Turning(AttentionWeights layer) => layer.Rope >= 0 ? _ropes[layer.Rope].Settings.Dimensions : 0;

    private CUdeviceptr Turns(AttentionWeights layer) => layer.Rope >= 0 ? _turns[layer.Rope].Pointer : default;

    private CUdeviceptr Factors(AttentionWeights layer) => layer.Temperature is { } temperature ? _factors[Array.IndexOf(_temperatures, temperature)].Pointer : default;

    // Queries, and the keys and values of a layer that has its own.
    private void Rope(AttentionWeights layer, AttentionWorks works, long offset, int tokens)
    {
        var none = default(CUdeviceptr);
        var (heads, keys) = (layer.Heads.Count, layer.SeesAnothers ? 0 : layer.Heads.KvCount);
        _rope.With(_projected.Pointer).With(layer.Projections.Rows).With(layer.Bias?.Pointer ?? none).With(layer.QueryNorm?.Pointer ?? none).With(layer.KeyNorm?.Pointer ?? none)
            .With(Turns(layer)).With(_tools.Layout.Cells(works.View.Group)).With(_queries.Pointer).With(_kv.Pointer).With(_kv.BlockBytes).With(offset)
            .With(heads).With(keys).With(layer.Heads.Size).With(PaddedOf(layer)).With(Turning(layer)).With(Interleaved(layer)).With(_tools.Config.NormEpsilon)
            .With(layer.ScoreScale).With(Factors(layer)).With(layer.ValuesAreKeys ? heads : heads + keys).With(layer.NormalisesValues ? 1 : 0)
            .Launch(tokens, (heads + (2 * keys) + 3) / 4, 128);
    }

    // Rotations, the new key and value, and attention at once.
    private void AttendOneEach(Kernel kernel, AttentionWeights layer, AttentionWorks works, long offset)
    {
        var none = default(CUdeviceptr);
        var heads = layer.Heads;
        kernel.With(_projected.Pointer).With(layer.Projections.Rows).With(layer.Bias?.Pointer ?? none).With(layer.QueryNorm?.Pointer ?? none)
            .With(layer.KeyNorm?.Pointer ?? none).With(Turns(layer)).With(_tools.Layout.Cells(works.View.Group)).With(_kv.Pointer).With(_kv.BlockBytes).With(offset)
            .With(_tools.Layout.Tables).With(works.PartWorks).With(works.PartWorkCount).With(_attended.Pointer).With(layer.Output.Padded).With(_partials.Pointer)
            .With(_partialSums.Pointer).With(_counters.Pointer).With(heads.Count).With(heads.KvCount).With(heads.Size).With(Turning(layer)).With(Interleaved(layer))
            .With(_tools.Config.NormEpsilon).With(layer.ScoreScale).With(Factors(layer)).With(works.Window).With(layer.Sinks?.Pointer ?? none)
            .Launch(works.PartWorkCount, HeadGroups(layer), 128);
    }

    private void AttendTo(AttentionWeights layer, AttentionWorks works, long offset)
    {
        var (padded, groups, heads, kernels) = (layer.Output.Padded, HeadGroups(layer), layer.Heads, _kernels[PaddedOf(layer)]);
        var sinks = layer.Sinks?.Pointer ?? default;
        var tables = _tools.Layout.Tables;
        if (works.PartWorkCount > 0)
        {
            kernels.Parts.With(_queries.Pointer).With(_kv.Pointer).With(_kv.BlockBytes).With(offset).With(tables).With(works.PartWorks).With(works.PartWorkCount)
                .With(_attended.Pointer).With(padded).With(_partials.Pointer).With(_partialSums.Pointer).With(_counters.Pointer).With(heads.Count).With(heads.KvCount)
                .With(heads.Size).With(works.Window).With(sinks).Launch(works.PartWorkCount, groups, 128);
        }

        if (works.WorkCount > 0)
        {
            kernels.Attend.With(_queries.Pointer).With(_kv.Pointer).With(_kv.BlockBytes).With(offset).With(tables).With(works.Works).With(works.WorkCount).With(_attended.Pointer)
                .With(padded).With(heads.Count).With(heads.KvCount).With(heads.Size).With(works.Window).With(sinks)
                .Launch((works.WorkCount + kernels.WorksOfBlock - 1) / kernels.WorksOfBlock, groups, 128);
        }
    }
}
