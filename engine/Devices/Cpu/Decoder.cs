using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>
/// The forward pass of a step. All threads of the team go through the same phases side by side, a barrier wherever one reads what
/// another wrote; within a phase each takes its share of rows, heads or panels.
/// </summary>
internal sealed unsafe class Decoder<TLanes> : IForwardPass, ITeamWork
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly ModelConfig _config;
    private readonly DecoderWeights _weights;
    private readonly ComputeTeam _team;
    private readonly StepBuffers _buffers;
    private readonly IAttentionPhase _attention;
    private readonly MatrixProducts<TLanes> _products;
    private readonly ExpertMixture<TLanes>? _mixture;
    private readonly ActivationRows _shared; // rows of all tokens, written by all threads
    private readonly ActivationRows[] _own; // a thread: the row of a step of one token
    private readonly NativeBuffer[] _row; // a thread: one normalised row
    private readonly NativeBuffer _identity; // int: 0, 1, 2, ...
    private readonly NativeBuffer _logits; // (vocabulary, rows)
    private readonly int[] _logitTokens; // (rows): the token of each row of logits
    private readonly NativeBuffer _hidden; // (width, rows)
    private readonly int[] _hiddenTokens; // (rows): the token of each hidden state
    private StepPlan _plan = new(new KvBlockSize(KvPage.Slots));
    private int _tokens;

    public Decoder(
        ModelConfig config, DecoderWeights weights, ComputeTeam team, StepBuffers buffers, IAttentionPhase attention, int maxTokens,
        int maxLogitRows)
    {
        _config = config;
        _weights = weights;
        _team = team;
        _buffers = buffers;
        _attention = attention;
        var widest = Math.Max(Math.Max(config.Width, config.QueryWidth), config.FeedForwardWidth);
        _products = new MatrixProducts<TLanes>(team, widest);
        if (config.ExpertCount > 0)
            _mixture = new ExpertMixture<TLanes>(config, team, _products, buffers, weights, maxTokens);
        var formats = weights.Formats;
        var rows = Math.Max(maxTokens, maxLogitRows);
        _shared = new ActivationRows(rows, widest, formats);
        _own = new ActivationRows[team.Count];
        _row = new NativeBuffer[team.Count];
        for (var t = 0; t < team.Count; t++)
        {
            _own[t] = new ActivationRows(1, widest, formats);
            _row[t] = NativeBuffer.OfFloats(widest);
        }

        _identity = new NativeBuffer(rows * sizeof(int));
        for (var i = 0; i < rows; i++)
            ((int*)_identity.Data)[i] = i;
        _logits = NativeBuffer.OfFloats((long)maxLogitRows * config.VocabularySize);
        _logitTokens = new int[maxLogitRows];
        _hidden = NativeBuffer.OfFloats((long)maxTokens * config.Width);
        _hiddenTokens = new int[maxTokens];
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> HiddenStates => new(_hidden.Data, checked(_plan.HiddenRowCount * _config.Width));

    /// <inheritdoc/>
    public Span<float> Execute(StepPlan plan)
    {
        _plan = plan;
        _tokens = plan.AllTokens.Length;
        foreach (ref readonly var slice in plan.Slices)
        {
            for (var i = 0; i < slice.LogitsRowCount; i++)
                _logitTokens[slice.LogitsRow + i] = slice.TokenOffset + slice.TokenCount - slice.LogitsRowCount + i;
            for (var i = 0; slice.HiddenRow >= 0 && i < slice.TokenCount; i++)
                _hiddenTokens[slice.HiddenRow + i] = slice.TokenOffset + i;
        }

        _buffers.Begin(plan);
        _attention.Begin(plan);
        _team.Run(this);
        return new Span<float>(_logits.Data, checked(plan.LogitsRowCount * _config.VocabularySize));
    }

    public void Run(int thread)
    {
        Embed(thread);
        _team.Barrier();
        for (var i = 0; i < _weights.Layers.Length; i++)
        {
            Attend(thread, i);
            FeedForward(thread, _weights.Layers[i]);
        }

        KeepHiddenStates(thread);
        if (_plan.LogitsRowCount > 0)
            Head(thread);
    }

    public void Dispose()
    {
        _products.Dispose();
        _mixture?.Dispose();
        _shared.Dispose();
        _identity.Dispose();
        _logits.Dispose();
        _hidden.Dispose();
        for (var t = 0; t < _own.Length; t++)
        {
            _own[t].Dispose();
            _row[t].Dispose();
        }
    }

    private void Embed(int thread)
    {
        var (first, end) = _team.Share(_tokens, thread);
        var tokens = _plan.AllTokens;
        var embedding = _weights.Embedding;
        for (var t = first; t < end; t++)
        {
            Dequantizer.Dequantize(
                embedding.Type, _weights.EmbeddingRow(tokens[t]),
                new Span<float>(_buffers.Residual.Floats + ((long)t * _config.Width), _config.Width));
            _attention.PrepareAngles(t);
        }
    }

    private void Attend(int thread, int index)
    {
        var layer = _weights.Layers[index];
        var rows = (int*)_identity.Data;
        var x = Prepare(thread, _buffers.Residual, _tokens, _config.Width, layer.AttentionNorm, layer.ProjectionFormats);
        var panels = layer.Query.Panels + layer.Key.Panels + layer.Value.Panels;
        _products.Store(thread, layer.Query, 0, panels, x, rows, _tokens, _buffers.Query.Floats, _config.QueryWidth);
        _products.Store(thread, layer.Key, layer.Query.Panels, panels, x, rows, _tokens, _buffers.Key.Floats, _config.KvWidth);
        _products.Store(
            thread, layer.Value, layer.Query.Panels + layer.Key.Panels, panels, x, rows, _tokens, _buffers.Value.Floats, _config.KvWidth);
        _team.Barrier();
        _attention.Rotate(thread, index, layer.Attention);
        _team.Barrier();
        _attention.Attend(thread, index);
        _team.Barrier();
        x = Prepare(thread, _buffers.Attended, _tokens, _config.QueryWidth, null, layer.AttentionOutput.Format);
        _products.Add(thread, layer.AttentionOutput, x, rows, _tokens, _buffers.Residual.Floats, _config.Width);
        _team.Barrier();
    }

    private void FeedForward(int thread, DecoderLayerWeights layer)
    {
        var rows = (int*)_identity.Data;
        var formats = layer.Gate[0].Format | layer.Up[0].Format | (layer.Router?.Format ?? ActivationFormat.None);
        var x = Prepare(thread, _buffers.Residual, _tokens, _config.Width, layer.FeedForwardNorm, formats);
        if (layer.Router is not null)
        {
            _mixture!.Run(thread, layer, x, _tokens);
        }
        else
        {
            _products.SwiGlu(thread, layer.Gate[0], layer.Up[0], x, rows, _tokens, _buffers.Hidden.Floats, _config.FeedForwardWidth);
            _team.Barrier();
            x = Prepare(thread, _buffers.Hidden, _tokens, _config.FeedForwardWidth, null, layer.Down[0].Format);
            _products.Add(thread, layer.Down[0], x, rows, _tokens, _buffers.Residual.Floats, _config.Width);
        }

        _team.Barrier();
    }

    private void KeepHiddenStates(int thread)
    {
        var (first, end) = _team.Share(_plan.HiddenRowCount, thread);
        for (var i = first; i < end; i++)
        {
            var row = _buffers.Residual.Floats + ((long)_hiddenTokens[i] * _config.Width);
            var scale = VectorMath<TLanes>.RmsScale(row, _config.Width, _config.NormEpsilon);
            VectorMath<TLanes>.Scale(row, _weights.OutputNorm.Floats, scale, _hidden.Floats + ((long)i * _config.Width), _config.Width);
        }
    }

    private void Head(int thread)
    {
        var w = _weights.Output;
        var count = _plan.LogitsRowCount;
        var x = Prepare(thread, _buffers.Residual, count, _config.Width, _weights.OutputNorm, w.Format, _logitTokens);
        _products.Store(
            thread, w, 0, w.Panels, x, (int*)_identity.Data, count, _logits.Floats, _config.VocabularySize);
    }

    /// <summary>
    /// Rows of <paramref name="source"/>, normalised if there is a gain, in the formats that follow. One row every thread makes for
    /// itself, which is quicker than waiting for another; more are shared out, with a barrier.
    /// </summary>
    private ActivationView Prepare(
        int thread, NativeBuffer source, int count, int columns, NativeBuffer? gain, ActivationFormat formats, int[]? tokens = null)
    {
        var target = count == 1 ? _own[thread] : _shared;
        var (first, end) = count == 1 ? (0, 1) : _team.Share(count, thread);
        for (var i = first; i < end; i++)
        {
            var row = source.Floats + ((long)(tokens is null ? i : tokens[i]) * columns);
            if (gain is not null)
            {
                var scale = VectorMath<TLanes>.RmsScale(row, columns, _config.NormEpsilon);
                VectorMath<TLanes>.Scale(row, gain.Floats, scale, _row[thread].Floats, columns);
                row = _row[thread].Floats;
            }

            target.Write<TLanes>(formats, i, row, columns);
        }

        if (count > 1)
            _team.Barrier();
        return new ActivationView(target, columns);
    }
}
