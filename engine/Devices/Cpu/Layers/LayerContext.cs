using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>What all layers of a forward pass work with: the team, its buffers, products, and the rows of activations that they read.</summary>
internal sealed unsafe class LayerContext<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly int _widest;
    private readonly int _rows;
    private readonly ActivationRows[] _own; // a thread: the row of a step of one token
    private readonly NativeBuffer[] _row; // a thread: one normalised row
    private readonly NativeBuffer _identity; // int: 0, 1, 2, ...
    private ActivationRows? _shared; // rows of all tokens, written by all threads

    /// <param name="team">Threads.</param>
    /// <param name="buffers">What phases hand to each other.</param>
    /// <param name="sizes">Of the model's layers.</param>
    /// <param name="epsilon">Of norms.</param>
    /// <param name="rows">Rows of activations at most.</param>
    public LayerContext(ComputeTeam team, StepBuffers buffers, StepSizes sizes, float epsilon, int rows)
    {
        Team = team;
        Buffers = buffers;
        Width = sizes.Width;
        Epsilon = epsilon;
        Products = new MatrixProducts<TLanes>(team, sizes.Widest);
        _widest = sizes.Widest;
        _rows = rows;
        _own = new ActivationRows[team.Count];
        _row = new NativeBuffer[team.Count];
        for (var t = 0; t < team.Count; t++)
            _row[t] = NativeBuffer.OfFloats(_widest);
        _identity = new NativeBuffer((long)rows * sizeof(int));
        for (var i = 0; i < rows; i++)
            ((int*)_identity.Data)[i] = i;
    }

    public ComputeTeam Team { get; }

    public StepBuffers Buffers { get; }

    public MatrixProducts<TLanes> Products { get; }

    /// <summary>Values in the residual stream.</summary>
    public int Width { get; }

    /// <summary>Of norms.</summary>
    public float Epsilon { get; }

    /// <summary>The step.</summary>
    public StepPlan Plan { get; private set; } = new(new KvBlockSize(KvPage.Slots));

    /// <summary>Tokens of the step.</summary>
    public int Tokens { get; private set; }

    /// <summary>(rows): 0, 1, 2, ...</summary>
    public int* Identity => (int*)_identity.Data;

    /// <summary>Makes room for activations in all formats that some matrix of the model takes.</summary>
    public void Allocate(ActivationFormat formats)
    {
        _shared = new ActivationRows(_rows, _widest, formats);
        for (var t = 0; t < _own.Length; t++)
            _own[t] = new ActivationRows(1, _widest, formats);
    }

    /// <summary>
    /// Rows of <paramref name="source"/>, normalised if there is a gain, in the formats that follow. One row every thread makes for
    /// itself, which is quicker than waiting for another; more are shared out, with a barrier. The next call writes over them.
    /// </summary>
    public ActivationView Prepare(
        int thread, NativeBuffer source, int count, int columns, float* gain, ActivationFormat formats, int[]? tokens = null)
    {
        var target = count == 1 ? _own[thread] : _shared!;
        var (first, end) = count == 1 ? (0, 1) : Team.Share(count, thread);
        for (var i = first; i < end; i++)
        {
            var row = source.Floats + ((long)(tokens is null ? i : tokens[i]) * columns);
            if (gain != null)
            {
                var scale = VectorMath<TLanes>.RmsScale(row, columns, Epsilon);
                VectorMath<TLanes>.Scale(row, gain, scale, _row[thread].Floats, columns);
                row = _row[thread].Floats;
            }

            target.Write<TLanes>(formats, i, row, columns);
        }

        if (count > 1)
            Team.Barrier();
        return new ActivationView(target, columns);
    }

    /// <summary>One row, normalised with a gain, where this thread finds it until its next call of this or <see cref="Prepare"/>.</summary>
    public float* Normalised(int thread, float* row, int columns, float* gain, float factor)
    {
        VectorMath<TLanes>.Scale(row, gain, factor * VectorMath<TLanes>.RmsScale(row, columns, Epsilon), _row[thread].Floats, columns);
        return _row[thread].Floats;
    }

    /// <summary>Begins a step.</summary>
    public void Begin(StepPlan plan)
    {
        Plan = plan;
        Tokens = plan.AllTokens.Length;
    }

    /// <summary>This thread's share of <paramref name="count"/> values, in whole vectors but for the last.</summary>
    public (int First, int End) ShareInVectors(int thread, int count)
    {
        var (first, end) = Team.Share((count + 15) / 16, thread);
        return (Math.Min(count, 16 * first), Math.Min(count, 16 * end));
    }

    /// <summary>Clears some channels of a state (channels, any).</summary>
    public static void ClearColumns(float* state, int floats, int channels, int first, int end)
    {
        for (var at = 0; at < floats; at += channels)
            new Span<float>(state + at + first, end - first).Clear();
    }

    /// <summary>Writes W x (+ bias) of all tokens to <paramref name="target"/> (width, tokens), or adds it. A barrier must follow.</summary>
    public void Project(int thread, WeightMatrix w, in ActivationView x, NativeBuffer target, bool adds, float* bias)
    {
        if (adds)
            Products.Add(thread, w, x, Identity, Tokens, target.Floats, Width, bias);
        else
            Products.Store(thread, w, 0, w.Panels, x, Identity, Tokens, target.Floats, Width, bias);
    }

    public void Dispose()
    {
        Products.Dispose();
        _shared?.Dispose();
        _identity.Dispose();
        for (var t = 0; t < _own.Length; t++)
        {
            _own[t].Dispose();
            _row[t].Dispose();
        }
    }
}
