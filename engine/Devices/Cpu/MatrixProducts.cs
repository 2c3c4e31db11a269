using Crescent.Engine.Devices.Cpu.Simd;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>Rows of activations that a product reads.</summary>
/// <param name="Source">Where they lie.</param>
/// <param name="Columns">Values in a row.</param>
internal readonly record struct ActivationView(ActivationRows Source, int Columns);

/// <summary>
/// Matrix products on a team: each thread takes a range of panels for all tokens, so that weights are read once from memory, and
/// adds what follows the product while the values are in its cache.
/// </summary>
internal sealed unsafe class MatrixProducts<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const int PanelRows = WeightMatrix.PanelRows;
    private const int TileTokens = 64;
    private const int TileFloats = TileTokens * PanelRows;

    private readonly ComputeTeam _team;
    private readonly NativeBuffer[] _memory; // a thread: two tiles (16, 64), then a panel as floats (columns, 16)

    /// <summary>Products of matrices with at most <paramref name="columns"/> columns.</summary>
    public MatrixProducts(ComputeTeam team, int columns)
    {
        _team = team;
        _memory = new NativeBuffer[team.Count];
        for (var t = 0; t < _memory.Length; t++)
            _memory[t] = NativeBuffer.OfFloats((2L * TileFloats) + ((long)columns * PanelRows));
    }

    /// <summary>
    /// output[o] = W x for the panels of <paramref name="w"/> that are this thread's when <paramref name="before"/> panels of
    /// other matrices come before and there are <paramref name="total"/> in all.
    /// </summary>
    public void Store(int thread, WeightMatrix w, int before, int total, in ActivationView x, int* rows, int count, float* output, long stride)
    {
        var (first, end) = Range(thread, w, before, total);
        var tile = _memory[thread].Floats;
        for (var panel = first; panel < end; panel++)
        {
            var live = Math.Min(PanelRows, w.Rows - (panel * PanelRows));
            for (var t = 0; t < count; t += TileTokens)
            {
                var tokens = Math.Min(TileTokens, count - t);
                Multiply(thread, w, panel, x, rows + t, tokens, tile);
                for (var j = 0; j < tokens; j++)
                {
                    var target = output + ((t + j) * stride) + (panel * PanelRows);
                    new ReadOnlySpan<float>(tile + (j * PanelRows), live).CopyTo(new Span<float>(target, live));
                }
            }
        }
    }

    /// <summary>output[o] += W x for this thread's panels.</summary>
    public void Add(int thread, WeightMatrix w, in ActivationView x, int* rows, int count, float* output, long stride)
    {
        var (first, end) = _team.Share(w.Panels, thread);
        var tile = _memory[thread].Floats;
        for (var panel = first; panel < end; panel++)
        {
            var live = Math.Min(PanelRows, w.Rows - (panel * PanelRows));
            for (var t = 0; t < count; t += TileTokens)
            {
                var tokens = Math.Min(TileTokens, count - t);
                Multiply(thread, w, panel, x, rows + t, tokens, tile);
                for (var j = 0; j < tokens; j++)
                    VectorMath<TLanes>.Add(tile + (j * PanelRows), output + ((t + j) * stride) + (panel * PanelRows), live);
            }
        }
    }

    /// <summary>output[o] = silu(gate x) * up x for this thread's panels; both matrices have the same shape.</summary>
    public void SwiGlu(
        int thread, WeightMatrix gate, WeightMatrix up, in ActivationView x, int* rows, int count, float* output, long stride)
    {
        var (first, end) = _team.Share(gate.Panels, thread);
        var gates = _memory[thread].Floats;
        var ups = gates + TileFloats;
        for (var panel = first; panel < end; panel++)
        {
            var live = Math.Min(PanelRows, gate.Rows - (panel * PanelRows));
            for (var t = 0; t < count; t += TileTokens)
            {
                var tokens = Math.Min(TileTokens, count - t);
                Multiply(thread, gate, panel, x, rows + t, tokens, gates);
                Multiply(thread, up, panel, x, rows + t, tokens, ups);
                VectorMath<TLanes>.SiluMultiply(gates, ups, gates, tokens * PanelRows);
                for (var j = 0; j < tokens; j++)
                {
                    var target = output + ((t + j) * stride) + (panel * PanelRows);
                    new ReadOnlySpan<float>(gates + (j * PanelRows), live).CopyTo(new Span<float>(target, live));
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (var memory in _memory)
            memory.Dispose();
    }

    private (int First, int End) Range(int thread, WeightMatrix w, int before, int total)
    {
        var (first, end) = _team.Share(total, thread);
        return (Math.Clamp(first - before, 0, w.Panels), Math.Clamp(end - before, 0, w.Panels));
    }

    private void Multiply(int thread, WeightMatrix w, int panel, in ActivationView x, int* rows, int count, float* tile)
    {
        var scratch = _memory[thread].Floats + (2 * TileFloats);
        w.Multiply(panel, x.Source.Data(w.Format), ActivationRows.Stride(w.Format, x.Columns), rows, count, tile, scratch);
    }
}
