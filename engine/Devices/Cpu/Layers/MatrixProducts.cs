using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>
/// Matrix products on a team: each thread takes a range of panels for all tokens, so that weights are read once from memory, and
/// adds what follows the product while the values are in its cache. It goes through tiles of many panels and few tokens or the
/// other way round.
/// </summary>
internal sealed unsafe class MatrixProducts<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const int PanelRows = WeightMatrix.PanelRows;
    private const int TileTokens = 64;
    private const int TileFloats = TileTokens * PanelRows;

    private readonly ComputeTeam _team;
    private readonly NativeBuffer[] _memory; // a thread: two tiles (16, tokens, panels), then a panel and a row as floats (columns, 17)

    /// <summary>Products of matrices with at most <paramref name="columns"/> columns.</summary>
    public MatrixProducts(ComputeTeam team, int columns)
    {
        _team = team;
        _memory = new NativeBuffer[team.Count];
        for (var t = 0; t < _memory.Length; t++)
            _memory[t] = NativeBuffer.OfFloats((2L * TileFloats) + ((long)columns * (PanelRows + 1)));
    }

    private enum Ending
    {
        Store,
        Add,
        Gate,
    }

    /// <summary>
    /// output[o] = W x (+ bias) for the panels of <paramref name="w"/> that are this thread's when <paramref name="before"/> panels of
    /// other matrices come before and there are <paramref name="total"/> in all.
    /// </summary>
    public void Store(
        int thread, WeightMatrix w, int before, int total, in ActivationView x, int* rows, int count, float* output, long stride, float* bias = null)
    {
        var (first, end) = _team.Share(total, thread);
        Run(
            thread, w, w, Ending.Store, new GateEnding { GateBias = bias }, Math.Clamp(first - before, 0, w.Panels), Math.Clamp(end - before, 0, w.Panels), x,
            rows, count, output, stride);
    }

    /// <summary>output[o] += W x (+ bias) for this thread's panels.</summary>
    public void Add(int thread, WeightMatrix w, in ActivationView x, int* rows, int count, float* output, long stride, float* bias = null)
    {
        var (first, end) = _team.Share(w.Panels, thread);
        Run(thread, w, w, Ending.Add, new GateEnding { GateBias = bias }, first, end, x, rows, count, output, stride);
    }

    /// <summary>output[o] = activation(gate x, up x) for this thread's panels; both matrices have the same shape, or are the same one where there is no gate.</summary>
    public void Gate(
        int thread, WeightMatrix gate, WeightMatrix up, in GateEnding ending, in ActivationView x, int* rows, int count, float* output, long stride)
    {
        var (first, end) = _team.Share(gate.Panels, thread);
        Run(thread, gate, up, Ending.Gate, ending, first, end, x, rows, count, output, stride);
    }

    public void Dispose()
    {
        foreach (var memory in _memory)
            memory.Dispose();
    }

    private void Run(
        int thread, WeightMatrix w, WeightMatrix up, Ending ending, in GateEnding gate, int first, int end, in ActivationView x, int* rows, int count,
        float* output, long stride)
    {
        var tile = _memory[thread].Floats;
        var ups = tile + TileFloats;
        var panelsInTile = Math.Max(1, TileTokens / count);
        for (var panel = first; panel < end; panel += panelsInTile)
        {
            var panels = Math.Min(panelsInTile, end - panel);
            for (var t = 0; t < count; t += TileTokens)
            {
                var tokens = Math.Min(TileTokens, count - t);
                Multiply(thread, w, panel, panels, x, rows + t, tokens, tile);
                if (gate.GateBias != null)
                    AddBias(gate.GateBias, panel, panels, tokens, tile);
                if (ending == Ending.Gate)
                {
                    if (!ReferenceEquals(up, w))
                        Multiply(thread, up, panel, panels, x, rows + t, tokens, ups);
                    if (gate.UpBias != null)
                        AddBias(gate.UpBias, panel, panels, tokens, ups);
                    if (gate.Weights != null)
                        Weigh(gate.Weights + t, panels, tokens, tile, ups);
                    Activate(gate.Activation, tile, ups, panels * tokens * PanelRows);
                    if (gate.OutputWeights != null)
                        Weigh(gate.OutputWeights + t, panels, tokens, tile, ups);
                }

                Write(w, ending, panel, panels, tokens, tile, output + (t * stride), stride);
            }
        }
    }

    private void Multiply(int thread, WeightMatrix w, int panel, int panels, in ActivationView x, int* rows, int count, float* tile)
    {
        var scratch = _memory[thread].Floats + (2 * TileFloats);
        w.Multiply(
            panel, panel + panels, x.Source.Data(w.Format), ActivationRows.Stride(w.Format, x.Columns), rows, count, tile, scratch);
    }

    // A bias may be read beyond the matrix's last row: those sums are dropped.
    private static void AddBias(float* bias, int panel, int panels, int tokens, float* tile)
    {
        for (var p = 0; p < panels; p++)
        {
            for (var t = 0; t < tokens; t++, tile += PanelRows)
                VectorMath<TLanes>.Add(bias + ((panel + p) * PanelRows), tile, PanelRows);
        }
    }

    private static void Weigh(float* weights, int panels, int tokens, float* gates, float* ups)
    {
        for (var p = 0; p < panels; p++)
        {
            for (var t = 0; t < tokens; t++, gates += PanelRows, ups += PanelRows)
            {
                VectorMath<TLanes>.Multiply(gates, weights[t], gates, PanelRows);
                VectorMath<TLanes>.Multiply(ups, weights[t], ups, PanelRows);
            }
        }
    }

    private static void Activate(FeedForwardActivation activation, float* gates, float* ups, int count)
    {
        switch (activation)
        {
            case FeedForwardActivation.GeGlu:
                VectorMath<TLanes>.GeluMultiply(gates, ups, gates, count);
                break;
            case FeedForwardActivation.SquaredRelu:
                VectorMath<TLanes>.SquaredRelu(gates, count);
                break;
            case FeedForwardActivation.ClampedSwiGlu:
                VectorMath<TLanes>.ClampedSiluMultiply(gates, ups, gates, count);
                break;
            default:
                VectorMath<TLanes>.SiluMultiply(gates, ups, gates, count);
                break;
        }
    }

    private static void Write(WeightMatrix w, Ending ending, int panel, int panels, int tokens, float* tile, float* output, long stride)
    {
        // The rows of one token lie side by side across panels.
        var (parts, width) = tokens == 1 ? (1, panels * PanelRows) : (panels, PanelRows);
        for (var p = 0; p < parts; p++)
        {
            var row = (panel + p) * PanelRows;
            var live = Math.Min(width, w.Rows - row);
            for (var t = 0; t < tokens; t++, tile += width)
            {
                var target = output + (t * stride) + row;
                if (ending == Ending.Add)
                    VectorMath<TLanes>.Add(tile, target, live);
                else
                    new ReadOnlySpan<float>(tile, live).CopyTo(new Span<float>(target, live));
            }
        }
    }
}
