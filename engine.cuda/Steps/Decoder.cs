using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Layers;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>The forward pass of a step: queues its kernels in order. Nothing is allocated.</summary>
internal sealed class Decoder
{
    private const float HiddenFactor = 1f / 64; // keeps the products of the feed-forward layer within a half's range; undone behind the matrix

    private readonly ModelConfig _config;
    private readonly ModelWeights _weights;
    private readonly MatrixProducts _products;
    private readonly KvPool _kv;
    private readonly KvShares _shares;
    private readonly StepLayout _layout;
    private readonly Kernel _gather;
    private readonly Kernel _norm;
    private readonly Kernel _addNorm;
    private readonly Kernel _angles;
    private readonly Kernel _rope;
    private readonly Kernel _gate;
    private readonly Kernel _gateHalves;
    private readonly Kernel _attend;
    private readonly Kernel _attendParts;
    private readonly Kernel _attendDecode;
    private readonly Kernel _argmax;
    private readonly MixtureLayers? _mixtures;
    private readonly DeviceBuffer _residual; // (width, tokens)
    private readonly DeviceBuffer _normed; // halves (padded width, tokens)
    private readonly DeviceBuffer _projected; // (query + 2 kv width, tokens)
    private readonly DeviceBuffer _queries; // halves (padded head, heads, tokens)
    private readonly DeviceBuffer _attended; // halves (padded query width, tokens)
    private readonly DeviceBuffer _gateUp; // (2 feed-forward width, tokens)
    private readonly DeviceBuffer _hidden; // halves (padded feed-forward width, tokens)
    private readonly DeviceBuffer? _branch; // (width, tokens): what a norm is behind
    private readonly DeviceBuffer[] _turns; // float2 (headSize / 2, tokens) of each way to turn
    private readonly DeviceBuffer _partials; // (padded head, heads, rows)
    private readonly DeviceBuffer _partialSums; // (2, heads, rows)
    private readonly DeviceBuffer _counters; // ints (key heads * head groups, tokens)
    private readonly DeviceBuffer _headRows; // halves (padded width, rows of logits)

    /// <param name="config">Shape.</param>
    /// <param name="weights">In device memory.</param>
    /// <param name="kernels">Of the GPU.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="kv">The cache.</param>
    /// <param name="shares">What layers look at in it.</param>
    /// <param name="layout">Of the step.</param>
    /// <param name="maxTokens">Tokens of a step.</param>
    /// <param name="maxLogitRows">Rows of logits of a step.</param>
    /// <param name="partialRows">Rows of partial attention.</param>
    /// <param name="products">Of the GPU.</param>
    public Decoder(
        ModelConfig config, ModelWeights weights, KernelLibrary kernels, DeviceMemory memory, KvPool kv, KvShares shares, StepLayout layout, int maxTokens,
        int maxLogitRows, int partialRows, MatrixProducts products)
    {
        const string Purpose = "work space";
        _config = config;
        _weights = weights;
        _kv = kv;
        _shares = shares;
        _layout = layout;
        _products = products;
        _gather = kernels.Get("repack.cu", "gather_rows");
        _norm = kernels.Get("layers.cu", "rms_norm");
        _addNorm = kernels.Get("layers.cu", "add_norm");
        _angles = kernels.Get("layers.cu", "rope_angles");
        _rope = kernels.Get("layers.cu", "rope_store");
        _gate = kernels.Get("layers.cu", "gate_product");
        _gateHalves = kernels.Get("layers.cu", "gate_halves");
        _argmax = kernels.Get("layers.cu", "argmax");
        _attend = kernels.Get("attention.cu", $"attend_{kv.Padded}");
        _attendParts = kernels.Get("attention.cu", $"attend_parts_{kv.Padded}");
        _attendDecode = kernels.Get("attention.cu", $"attend_decode_{kv.Padded}");
        var tokens = Rounded(maxTokens, MatrixProducts.RowGroup);
        var rows = Rounded(maxLogitRows, MatrixProducts.RowGroup);
        _residual = memory.Allocate(4L * tokens * config.Width, Purpose);
        _normed = memory.Allocate(2L * tokens * Padded(config.Width), Purpose);
        _projected = memory.Allocate(4L * tokens * (config.QueryWidth + (2 * config.KvWidth)), Purpose);
        _queries = memory.Allocate(2L * tokens * config.HeadCount * kv.Padded, Purpose);
        _attended = memory.Allocate(2L * tokens * Padded(config.QueryWidth), Purpose);
        var dense = weights.Layers.Max(static layer => layer.Dense?.Down.Columns ?? 0);
        _gateUp = memory.Allocate(8L * tokens * dense, Purpose);
        _hidden = memory.Allocate(2L * tokens * Padded(dense), Purpose);
        var mixtures = weights.Layers.Select(static layer => layer.Experts).OfType<ExpertWeights>().ToArray();
        _mixtures = mixtures.Length == 0 ? null : new MixtureLayers(config, mixtures, kernels, memory, tokens, products);
        _branch = weights.HasPostNorms ? memory.Allocate(4L * tokens * config.Width, Purpose) : null;
        _turns = [.. weights.Ropes.Select(_ => memory.Allocate(4L * tokens * config.HeadSize, Purpose))];
        _partials = memory.Allocate(4L * partialRows * config.HeadCount * kv.Padded, Purpose);
        _partialSums = memory.Allocate(8L * partialRows * config.HeadCount, Purpose);
        _counters = memory.Allocate(4L * maxTokens * config.KvHeadCount * HeadGroups(config), Purpose);
        _headRows = memory.Allocate(2L * rows * Padded(config.Width), Purpose);
        Logits = memory.Allocate(4L * maxLogitRows * config.VocabularySize, "logits");
        HiddenStates = memory.Allocate(4L * maxTokens * config.Width, Purpose);
        Likeliest = memory.Allocate(8L * maxLogitRows, Purpose);
    }

    /// <summary>(vocabulary, rows).</summary>
    public DeviceBuffer Logits { get; }

    /// <summary>(width, rows).</summary>
    public DeviceBuffer HiddenStates { get; }

    /// <summary>(2, rows): the token of the largest logit, an int, and that logit, a float.</summary>
    public DeviceBuffer Likeliest { get; }

    /// <summary>What of a step is queued: all, but for measurements of what each part takes.</summary>
    public StepParts Parts { get; set; } = StepParts.All;

    /// <summary>Queues a plan that has been checked against the device's limits and laid out.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="rows">Rows of logits.</param>
    /// <param name="hiddenRows">Hidden states.</param>
    public void Run(int tokens, int rows, int hiddenRows)
    {
        Embed(tokens);
        for (var i = 0; i < _weights.Layers.Count; i++)
        {
            Attend(i, tokens);
            Normalise(tokens, default, _weights.Layers[i].FeedForwardNorm, _normed, default, _weights.Layers[i].OutputBias);
            if (_weights.Layers[i].Dense is { } dense)
            {
                FeedForward(dense, _weights.Layers[i].FeedForwardPostNorm, tokens);
            }
            else if (Has(StepParts.Products))
            {
                _mixtures!.Run(_weights.Layers[i].Experts!, _normed.Pointer, tokens, _residual.Pointer, HiddenFactor);
            }
        }

        var none = default(CUdeviceptr);
        if (hiddenRows > 0)
        {
            Normalise(hiddenRows, _layout.HiddenTokens, _weights.OutputNorm, _normed, HiddenStates.Pointer);
        }

        if (rows > 0 && Has(StepParts.Head))
        {
            Normalise(rows, _layout.LogitTokens, _weights.OutputNorm, _headRows, none);
            _products.Multiply(_weights.Output, _headRows.Pointer, rows, Logits.Pointer, _config.VocabularySize);
            _argmax.With(Logits.Pointer).With(Likeliest.Pointer).With(_config.VocabularySize).Launch(rows, 1, 1024);
        }
    }

    /// <summary>Bytes of work space, logits among it; a little more than is used.</summary>
    public static long WorkBytes(ModelConfig config, ModelWeights weights, int maxTokens, int maxLogitRows, int partialRows)
    {
        long tokens = Rounded(maxTokens, MatrixProducts.RowGroup), rows = Rounded(maxLogitRows, MatrixProducts.RowGroup), head = KvPool.PaddedHead(config);
        return (tokens * ((10L * Padded(config.Width)) + (6L * Padded(config.QueryWidth)) + (8L * config.KvWidth) + (2L * config.HeadCount * head) + (10L * Padded(config.FeedForwardWidth))
            + (4L * config.HeadSize * weights.Ropes.Count) + (weights.HasPostNorms ? 4L * config.Width : 0))) + (partialRows * config.HeadCount * 4L * (head + 2))
            + (rows * ((4L * config.VocabularySize) + (2L * Padded(config.Width)))) + MixtureLayers.WorkBytes(config, tokens) + (64L << 20);
    }

    private static int HeadGroups(ModelConfig config) => ((config.HeadCount / config.KvHeadCount) + 15) / 16;

    private bool Has(StepParts part) => (Parts & part) != 0;

    private static int Rounded(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private static int Padded(int columns) => Rounded(columns, PackedFormats.TileColumns);

    private void Embed(int tokens)
    {
        var w = _weights.Embedding;
        _gather.With(w.Pointer).With((int)w.Format).With(w.Steps).With(w.Columns).With(_layout.Tokens).With(Likeliest.Pointer).With(_residual.Pointer).With(_config.Width)
            .With(_weights.EmbeddingScale).Launch(tokens, 1, 128);
        var half = _config.HeadSize / 2;
        for (var i = 0; i < _turns.Length; i++)
        {
            var rope = _weights.Ropes[i];
            _angles.With(_layout.Positions).With(rope.Frequencies.Pointer).With(_turns[i].Pointer).With(tokens).With(half).With((float)rope.Settings.Magnitude)
                .Launch(((tokens * half) + 127) / 128, 1, 128);
        }
    }

    private void Attend(int index, int tokens)
    {
        var layer = _weights.Layers[index];
        var none = default(CUdeviceptr);
        var offset = _kv.LayerOffset(index);
        var works = _layout.Attention[_shares.ViewOf(index)];
        Normalise(tokens, none, layer.AttentionNorm, _normed, none);
        if (Has(StepParts.Products))
        {
            _products.Multiply(layer.Projections, _normed.Pointer, tokens, _projected.Pointer);
        }

        if (_layout.IsDecode)
        {
            if (Has(StepParts.Attention))
            {
                AttendOneEach(layer, works, offset);
            }
        }
        else
        {
            if (Has(StepParts.Rope))
            {
                Rope(layer, works, offset, tokens);
            }

            if (Has(StepParts.Attention))
            {
                AttendTo(layer, works, offset);
            }
        }

        if (Has(StepParts.Products))
        {
            Add(layer.AttentionOutput, _attended, layer.AttentionPostNorm, tokens, 1);
        }
    }

    // To the residual stream: the product, or what a norm makes of it.
    private void Add(PackedMatrix matrix, DeviceBuffer x, DeviceBuffer? postNorm, int tokens, float alpha)
    {
        if (postNorm is null)
        {
            _products.Multiply(matrix, x.Pointer, tokens, _residual.Pointer, _config.Width, alpha, adds: true);
            return;
        }

        _products.Multiply(matrix, x.Pointer, tokens, _branch!.Pointer, _config.Width, alpha);
        _addNorm.With(_branch.Pointer).With(postNorm.Pointer).With(_residual.Pointer).With(_config.Width).With(_config.NormEpsilon).Launch(tokens, 1, NormThreads);
    }

    private int Interleaved(LayerWeights layer) => _weights.Ropes[layer.Rope].Settings.Layout == RopeLayout.Interleaved ? 1 : 0;

    private void Rope(LayerWeights layer, AttentionWorks works, long offset, int tokens)
    {
        var none = default(CUdeviceptr);
        var heads = _config.HeadCount + (2 * _config.KvHeadCount);
        _rope.With(_projected.Pointer).With(layer.Projections.Rows).With(layer.Bias?.Pointer ?? none).With(layer.QueryNorm?.Pointer ?? none).With(layer.KeyNorm?.Pointer ?? none)
            .With(_turns[layer.Rope].Pointer).With(_layout.Cells(works.View.Group)).With(_queries.Pointer).With(_kv.Pointer).With(_kv.BlockBytes).With(offset)
            .With(_config.HeadCount).With(_config.KvHeadCount).With(_config.HeadSize).With(_kv.Padded).With(Interleaved(layer)).With(_config.NormEpsilon).With(layer.ScoreScale)
            .Launch(tokens, (heads + 3) / 4, 128);
    }

    // Rotations, the new key and value, and attention at once.
    private void AttendOneEach(LayerWeights layer, AttentionWorks works, long offset)
    {
        var none = default(CUdeviceptr);
        _attendDecode.With(_projected.Pointer).With(layer.Projections.Rows).With(layer.Bias?.Pointer ?? none).With(layer.QueryNorm?.Pointer ?? none)
            .With(layer.KeyNorm?.Pointer ?? none).With(_turns[layer.Rope].Pointer).With(_layout.Cells(works.View.Group)).With(_kv.Pointer).With(_kv.BlockBytes).With(offset)
            .With(_layout.Tables).With(works.PartWorks).With(works.PartWorkCount).With(_attended.Pointer).With(Padded(_config.QueryWidth)).With(_partials.Pointer).With(_partialSums.Pointer)
            .With(_counters.Pointer).With(_config.HeadCount).With(_config.KvHeadCount).With(_config.HeadSize).With(Interleaved(layer))
            .With(_config.NormEpsilon).With(layer.ScoreScale).With(works.Window).With(layer.Sinks?.Pointer ?? none)
            .Launch(works.PartWorkCount, _config.KvHeadCount * HeadGroups(_config), 128);
    }

    private void AttendTo(LayerWeights layer, AttentionWorks works, long offset)
    {
        var padded = Padded(_config.QueryWidth);
        var groups = _config.KvHeadCount * HeadGroups(_config);
        var sinks = layer.Sinks?.Pointer ?? default;
        if (works.PartWorkCount > 0)
        {
            _attendParts.With(_queries.Pointer).With(_kv.Pointer).With(_kv.BlockBytes).With(offset).With(_layout.Tables).With(works.PartWorks).With(works.PartWorkCount)
                .With(_attended.Pointer).With(padded).With(_partials.Pointer).With(_partialSums.Pointer).With(_counters.Pointer).With(_config.HeadCount).With(_config.KvHeadCount)
                .With(_config.HeadSize).With(works.Window).With(sinks).Launch(works.PartWorkCount, groups, 128);
        }

        if (works.WorkCount > 0)
        {
            _attend.With(_queries.Pointer).With(_kv.Pointer).With(_kv.BlockBytes).With(offset).With(_layout.Tables).With(works.Works).With(works.WorkCount).With(_attended.Pointer)
                .With(padded).With(_config.HeadCount).With(_config.KvHeadCount).With(_config.HeadSize).With(works.Window).With(sinks)
                .Launch((works.WorkCount + 3) / 4, groups, 128);
        }
    }

    private void FeedForward(DenseWeights layer, DeviceBuffer? postNorm, int tokens)
    {
        var width = layer.Down.Columns;
        var padded = layer.Down.Padded;
        var gated = _products.CanGate(layer.GateUp, tokens);
        var halves = _products.CanBeHalves(layer.GateUp, tokens);
        if (Has(StepParts.Products))
        {
            if (gated)
            {
                _products.MultiplyGated(layer.GateUp, _normed.Pointer, tokens, _hidden.Pointer, padded, HiddenFactor, layer.Activation);
            }
            else if (halves)
            {
                _products.MultiplyToHalves(layer.GateUp, _normed.Pointer, tokens, _gateUp.Pointer);
            }
            else
            {
                _products.Multiply(layer.GateUp, _normed.Pointer, tokens, _gateUp.Pointer);
            }
        }

        if (halves && Has(StepParts.Silu))
        {
            _gateHalves.With(_gateUp.Pointer).With(_gateUp.At(2L * width)).With(2 * width).With(_hidden.Pointer).With(width).With(padded)
                .With(HiddenFactor).With((int)layer.Activation).Launch((padded + 2047) / 2048, tokens, 256);
        }
        else if (!gated && Has(StepParts.Silu))
        {
            _gate.With(_gateUp.Pointer).With(_gateUp.At(4L * width)).With(2 * width).With(_hidden.Pointer).With(width).With(padded)
                .With(HiddenFactor).With((int)layer.Activation).Launch((padded + 255) / 256, tokens, 256);
        }

        if (Has(StepParts.Products))
        {
            Add(layer.Down, _hidden, postNorm, tokens, 1 / HiddenFactor);
        }
    }

    private int NormThreads => Math.Clamp(Rounded(_config.Width / 8, 32), 256, 1024);

    // The bias is one that the rows still lack.
    private void Normalise(int rows, CUdeviceptr tokens, DeviceBuffer gain, DeviceBuffer output, CUdeviceptr floats, DeviceBuffer? bias = null)
    {
        if (!Has(StepParts.Norms))
        {
            return;
        }

        _norm.With(_residual.Pointer).With(tokens).With(gain.Pointer).With(bias?.Pointer ?? default).With(output.Pointer).With(floats).With(_config.Width)
            .With(Padded(_config.Width)).With(_config.NormEpsilon).Launch(rows, 1, NormThreads);
    }
}
