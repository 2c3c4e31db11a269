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
    private readonly HeadTurns _turns;
    private readonly KvPool _kv;
    private readonly KvShares _shares;
    private readonly Kernel _rope;
    private readonly Kernel _temperature;
    private readonly PagedAttention _attention;
    private readonly Kernel _gate;
    private readonly DeviceBuffer _projected; // (rows of projections, tokens)
    private readonly DeviceBuffer _queries; // halves (padded head, heads, tokens)
    private readonly DeviceBuffer _attended; // halves (padded query width, tokens)
    private readonly AttentionTemperature[] _temperatures;
    private readonly DeviceBuffer[] _factors; // (tokens) of each temperature

    /// <param name="tools">Of the step.</param>
    /// <param name="layers">All attentions of the model.</param>
    /// <param name="turns">Of the step.</param>
    /// <param name="kv">The cache.</param>
    /// <param name="shares">What attentions look at in it.</param>
    /// <param name="partialRows">Rows of partial attention.</param>
    public AttentionLayers(StepTools tools, IReadOnlyCollection<AttentionWeights> layers, HeadTurns turns, KvPool kv, KvShares shares, int partialRows)
    {
        _tools = tools;
        _turns = turns;
        _kv = kv;
        _shares = shares;
        _rope = tools.Kernels.Get("layers.cu", "rope_store");
        _temperature = tools.Kernels.Get("layers.cu", "score_temperatures");
        _gate = tools.Kernels.Get("layers.cu", "gate_heads");
        _attention = new PagedAttention(tools, kv, [.. layers.Select(static layer => layer.Heads).Distinct()], latent: false, partialRows);
        _projected = tools.Allocate(4L * layers.Max(static layer => layer.Projections.Rows));
        _queries = tools.Allocate(2L * layers.Max(static layer => layer.Heads.Count * PaddedOf(layer)));
        _attended = tools.Allocate(2L * layers.Max(static layer => layer.Output.Padded));
        _temperatures = [.. layers.Select(static layer => layer.Temperature).OfType<AttentionTemperature>().Distinct()];
        _factors = [.. _temperatures.Select(_ => tools.Allocate(4))];
    }

    /// <summary>Queues what all layers need of a step's positions.</summary>
    public void Begin(int tokens)
    {
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

        if (_tools.Layout.IsDecode && layer.StoresPlainly && _attention.Decode(layer.Heads) is { } decode)
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
                _attention.Attend(layer.Heads, works, _queries.Pointer, offset, _attended.Pointer, layer.Output.Padded, layer.Heads.Size, layer.Sinks?.Pointer ?? default);
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

    private CUdeviceptr Factors(AttentionWeights layer) => layer.Temperature is { } temperature ? _factors[Array.IndexOf(_temperatures, temperature)].Pointer : default;

    // Queries, and the keys and values of a layer that has its own.
    private void Rope(AttentionWeights layer, AttentionWorks works, long offset, int tokens)
    {
        var none = default(CUdeviceptr);
        var (heads, keys) = (layer.Heads.Count, layer.SeesAnothers ? 0 : layer.Heads.KvCount);
        _rope.With(_projected.Pointer).With(layer.Projections.Rows).With(layer.Bias?.Pointer ?? none).With(layer.QueryNorm?.Pointer ?? none).With(layer.KeyNorm?.Pointer ?? none)
            .With(_turns.Of(layer.Rope)).With(_tools.Layout.Cells(works.View.Group)).With(_queries.Pointer).With(_kv.Pointer).With(_kv.BlockBytes).With(offset)
            .With(heads).With(keys).With(layer.Heads.Size).With(PaddedOf(layer)).With(_turns.Dimensions(layer.Rope)).With(_turns.Interleaved(layer.Rope)).With(_tools.Config.NormEpsilon)
            .With(layer.ScoreScale).With(Factors(layer)).With(layer.ValuesAreKeys ? heads : heads + keys).With(layer.NormalisesValues ? 1 : 0)
            .Launch(tokens, (heads + (2 * keys) + 3) / 4, 128);
    }

    // Rotations, the new key and value, and attention at once.
    private void AttendOneEach(Kernel kernel, AttentionWeights layer, AttentionWorks works, long offset)
    {
        var none = default(CUdeviceptr);
        var heads = layer.Heads;
        kernel.With(_projected.Pointer).With(layer.Projections.Rows).With(layer.Bias?.Pointer ?? none).With(layer.QueryNorm?.Pointer ?? none)
            .With(layer.KeyNorm?.Pointer ?? none).With(_turns.Of(layer.Rope)).With(_tools.Layout.Cells(works.View.Group)).With(_kv.Pointer).With(_kv.BlockBytes).With(offset)
            .With(_tools.Layout.Tables).With(works.PartWorks).With(works.PartWorkCount).With(_attended.Pointer).With(layer.Output.Padded).With(_attention.Values.Pointer)
            .With(_attention.Sums.Pointer).With(_attention.Counters.Pointer).With(heads.Count).With(heads.KvCount).With(heads.Size).With(_turns.Dimensions(layer.Rope)).With(_turns.Interleaved(layer.Rope))
            .With(_tools.Config.NormEpsilon).With(layer.ScoreScale).With(Factors(layer)).With(works.Window).With(layer.Sinks?.Pointer ?? none)
            .Launch(works.PartWorkCount, PagedAttention.Groups(heads), 128);
    }
}
