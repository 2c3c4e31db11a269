using Crescent.Engine.Cuda.Driver;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// Decode steps as graphs: the kernels of a step are captured once for each batch size and number of attention's parts, both rounded up, and launched by one call
/// from then on. What differs between steps of one graph lies in memory, at the same addresses.
/// </summary>
/// <param name="context">The GPU's.</param>
/// <param name="mostTokens">Tokens of a step that are still worth a graph: no more than the device has rows of logits.</param>
internal sealed class StepGraphs(GpuContext context, int mostTokens) : IDisposable
{
    /// <summary>Graphs that are kept; the next after them ends all.</summary>
    public const int MostGraphs = 64;

    private const int MostTokens = 256;

    private readonly Dictionary<(int Tokens, long Parts), CUgraphExec> _graphs = new(MostGraphs);
    private int _moved;

    /// <summary>Why there are no graphs any more, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>Graphs that were made so far.</summary>
    public int Made { get; private set; }

    /// <summary>Tokens of the graph that takes so many; 0 where none does.</summary>
    public int BatchOf(int tokens)
    {
        var most = Math.Min(mostTokens, MostTokens);
        if (Fault is not null || tokens > most)
        {
            return 0;
        }

        // Products take 8, 16, 32 or 64 rows at a time; below that, what stands between them counts.
        var batch = tokens <= 8 ? (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)tokens) : tokens <= 64 ? (tokens + 15) / 16 * 16 : (tokens + 63) / 64 * 64;
        return Math.Min(batch, most);
    }

    /// <summary>Launches the graph of a step, which is captured from <paramref name="queue"/> where there is none yet.</summary>
    /// <returns>False where there can be none: nothing is queued then.</returns>
    public bool Launch(int tokens, long parts, int moved, Action queue)
    {
        if (moved != _moved || _graphs.Count >= MostGraphs)
        {
            context.Synchronize();
            Forget();
            _moved = moved;
        }

        if (!_graphs.TryGetValue((tokens, parts), out var graph))
        {
            if (Capture(queue) is not { } made)
            {
                return false;
            }

            _graphs.Add((tokens, parts), graph = made);
            Made++;
        }

        context.Check(DriverAPINativeMethods.GraphManagment.cuGraphLaunch(graph, context.Stream), "launch a step's graph");
        return true;
    }

    /// <summary>Ends all graphs; none is running.</summary>
    public void Forget()
    {
        foreach (var graph in _graphs.Values)
        {
            _ = DriverAPINativeMethods.GraphManagment.cuGraphExecDestroy(graph);
        }

        _graphs.Clear();
    }

    public void Dispose() => Forget();

    private CUgraphExec? Capture(Action queue)
    {
        // Relaxed: other devices of the process go on allocating meanwhile.
        context.Check(DriverAPINativeMethods.Streams.cuStreamBeginCapture(context.Stream, CUstreamCaptureMode.Relaxed), "begin to capture a step");
        string? fault = null;
        try
        {
            queue();
        }
        catch (CudaDeviceException refused) when (!context.IsSick)
        {
            fault = refused.Message;
        }

        var graph = default(CUgraph);
        var executable = default(CUgraphExec);
        var ended = DriverAPINativeMethods.Streams.cuStreamEndCapture(context.Stream, ref graph);
        if (ended == CUResult.Success && fault is null)
        {
#if MANAGED_CUDA_12
            ended = DriverAPINativeMethods.GraphManagment.cuGraphInstantiate(ref executable, graph, CUgraphInstantiate_flags.None);
#else
            ended = DriverAPINativeMethods.GraphManagment.cuGraphInstantiateWithFlags(ref executable, graph, CUgraphInstantiate_flags.None);
#endif
        }

        if (graph.Pointer != 0)
        {
            _ = DriverAPINativeMethods.GraphManagment.cuGraphDestroy(graph);
        }

        if (ended == CUResult.Success && fault is null)
        {
            return executable;
        }

        // Steps go on without; what has broken the context says so with the next call.
        Fault = fault ?? $"{context.Name} cannot make a graph of a step: {GpuContext.Describe(ended)}.";
        return null;
    }
}
