using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Layers;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Threads;
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
    private readonly int _width;
    private readonly int _vocabulary;
    private readonly DecoderWeights _weights;
    private readonly LayerContext<TLanes> _context;
    private readonly IAttentionPhase _attention;
    private readonly LayerBuilder<TLanes> _builder;
    private readonly BranchStep<TLanes>[] _branches; // of all layers, in order
    private readonly NativeBuffer _logits; // (vocabulary, rows)
    private readonly int[] _logitTokens; // (rows): the token of each row of logits
    private readonly NativeBuffer _hidden; // (width, rows)
    private readonly int[] _hiddenTokens; // (rows): the token of each hidden state
    private StepPlan _plan = new(new KvBlockSize(KvPage.Slots));

    public Decoder(
        DecoderGraph graph, DecoderWeights weights, WeightLoader loader, ModelCaches caches, StateMemory states, ComputeTeam team, StepBuffers buffers,
        IAttentionPhase attention, CpuDeviceOptions options)
    {
        _width = graph.Config.Width;
        _vocabulary = graph.Config.VocabularySize;
        _weights = weights;
        _attention = attention;
        var (maxTokens, maxLogitRows) = (options.MaxStepTokens, options.MaxLogitRows);
        _context = new LayerContext<TLanes>(team, buffers, StepSizes.Of(graph), graph.Config.NormEpsilon, Math.Max(maxTokens, maxLogitRows));
        _builder = new LayerBuilder<TLanes>(graph, _context, attention, loader, caches, states, maxTokens);
        _branches = _builder.Build(graph);
        _logits = NativeBuffer.OfFloats((long)maxLogitRows * _vocabulary);
        _logitTokens = new int[maxLogitRows];
        _hidden = NativeBuffer.OfFloats((long)maxTokens * _width);
        _hiddenTokens = new int[maxTokens];
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> HiddenStates => new(_hidden.Data, checked(_plan.HiddenRowCount * _width));

    /// <inheritdoc/>
    public Span<float> Execute(StepPlan plan)
    {
        _plan = plan;
        _context.Begin(plan);
        foreach (ref readonly var slice in plan.Slices)
        {
            for (var i = 0; i < slice.LogitsRowCount; i++)
                _logitTokens[slice.LogitsRow + i] = slice.TokenOffset + slice.TokenCount - slice.LogitsRowCount + i;
            for (var i = 0; slice.HiddenRow >= 0 && i < slice.TokenCount; i++)
                _hiddenTokens[slice.HiddenRow + i] = slice.TokenOffset + i;
        }

        _context.Buffers.Begin(plan);
        _attention.Begin(plan);
        _context.Team.Run(this);
        return new Span<float>(_logits.Data, checked(plan.LogitsRowCount * _vocabulary));
    }

    public void Run(int thread)
    {
        Embed(thread);
        _context.Team.Barrier();
        _builder.Hidden?.Run(thread);
        _builder.Inputs?.Run(thread);
        foreach (var branch in _branches)
            branch.Run(thread);
        KeepHiddenStates(thread);
        if (_plan.LogitsRowCount > 0)
            Head(thread);
    }

    public void Dispose()
    {
        foreach (var branch in _branches)
            branch.Dispose();
        _builder.Dispose();
        _context.Dispose();
        _logits.Dispose();
        _hidden.Dispose();
    }

    private void Embed(int thread)
    {
        var (first, end) = _context.Team.Share(_context.Tokens, thread);
        var tokens = _plan.AllTokens;
        for (var t = first; t < end; t++)
        {
            var row = _context.Buffers.Residual.Floats + ((long)t * _width);
            Dequantizer.Dequantize(_weights.Embedding.Type, _weights.EmbeddingRow(tokens[t]), new Span<float>(row, _width));
            if (_weights.EmbeddingScale != 1)
                VectorMath<TLanes>.Multiply(row, _weights.EmbeddingScale, row, _width);
            _attention.PrepareAngles(t);
        }
    }

    private void KeepHiddenStates(int thread)
    {
        var (first, end) = _context.Team.Share(_plan.HiddenRowCount, thread);
        for (var i = first; i < end; i++)
        {
            var row = _context.Buffers.Residual.Floats + ((long)_hiddenTokens[i] * _width);
            var scale = VectorMath<TLanes>.RmsScale(row, _width, _context.Epsilon);
            VectorMath<TLanes>.Scale(row, _weights.OutputNorm, scale, _hidden.Floats + ((long)i * _width), _width);
        }
    }

    private void Head(int thread)
    {
        var w = _weights.Output;
        var count = _plan.LogitsRowCount;
        var x = _context.Prepare(thread, _context.Buffers.Residual, count, _width, _weights.OutputNorm, w.Format, _logitTokens);
        _context.Products.Store(thread, w, 0, w.Panels, x, _context.Identity, count, _logits.Floats, _vocabulary);
        if (_weights.LogitScale == 1 && _weights.LogitCap == 0)
            return;
        _context.Team.Barrier();
        var (first, end) = _context.Team.Share(count, thread);
        for (var row = first; row < end; row++)
        {
            var logits = _logits.Floats + ((long)row * _vocabulary);
            VectorMath<TLanes>.Multiply(logits, _weights.LogitScale, logits, _vocabulary);
            if (_weights.LogitCap > 0)
                VectorMath<TLanes>.Cap(logits, _weights.LogitCap, _vocabulary);
        }
    }
}
