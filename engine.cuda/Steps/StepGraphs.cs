using Crescent.Engine.Cuda.Driver;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// Decode steps as graphs: the kernels of a step are captured once for each batch size and number of attention's parts, both rounded up, and launched by one call
/// from then on. What differs between steps of one graph lies in memory, at the same addresses. A step of several GPUs is one graph of all of them.
/// </summary>
internal sealed class StepGraphs : IDisposable
{
    /// <summary>Graphs that are kept; the next after them ends all.</summary>
    public const int MostGraphs = 64;

    private const int MostTokens = 256;

    private readonly GpuContext[] _gpus;
    private readonly GpuEvent[] _marks; // of each GPU
    private readonly int _mostTokens;
    private readonly Dictionary<(int Tokens, long Parts), CUgraphExec> _graphs = new(MostGraphs);
    private int _moved;

    /// <param name="gpus">Of the device; graphs go through the first one's stream.</param>
    /// <param name="mostTokens">Tokens of a step that are still worth a graph: no more than the device has rows of logits.</param>
    public StepGraphs(IReadOnlyList<GpuContext> gpus, int mostTokens)
    {
        _gpus = [.. gpus];
        _mostTokens = mostTokens;
        _marks = new GpuEvent[_gpus.Length];
        for (var i = 0; i < _gpus.Length; i++)
        {
            _gpus[i].Enter();
            _marks[i] = new GpuEvent(_gpus[i], timed: false);
        }

        _gpus[0].Enter();
    }

    /// <summary>Why there are no graphs any more, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>Graphs that were made so far.</summary>
    public int Made { get; private set; }

    /// <summary>Tokens of the graph that takes so many; 0 where none does.</summary>
    public int BatchOf(int tokens)
    {
        var most = Math.Min(_mostTokens, MostTokens);
        if (Fault is not null || tokens > most)
        {
            return 0;
        }

        // Products take 8, 16, 32 or 64 rows at a time; below that, what stands between them counts.
        var batch = tokens <= 8 ? (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)tokens) : tokens <= 64 ? (tokens + 15) / 16 * 16 : (tokens + 63) / 64 * 64;
        return Math.Min(batch, most);
    }

    /// <summary>
    /// Launches the graph of a step, which is captured from <paramref name="queue"/> where there is none yet, behind what all GPUs' streams have, and before what they are given next.
    /// The first GPU's context is this thread's, then as before.
    /// </summary>
    /// <param name="tokens">Tokens of the graph.</param>
    /// <param name="parts">See <see cref="StepLayout.PartsKey"/>.</param>
    /// <param name="moved">A number that changes with the addresses of what graphs read.</param>
    /// <param name="queue">Queues the step on all GPUs.</param>
    /// <returns>False where there can be none: nothing is queued then.</returns>
    public bool Launch(int tokens, long parts, int moved, Action queue)
    {
        if (moved != _moved || _graphs.Count >= MostGraphs)
        {
            _gpus[0].Synchronize();
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

        Join();
        _gpus[0].Check(DriverAPINativeMethods.GraphManagment.cuGraphLaunch(graph, _gpus[0].Stream), "launch a step's graph");
        Fork();
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

    public void Dispose()
    {
        Forget();
        foreach (var mark in _marks)
        {
            mark.Dispose();
        }
    }

    // What the other GPUs are given from now on comes behind what the first one has.
    private void Fork()
    {
        _marks[0].Record(_gpus[0].Stream);
        for (var i = 1; i < _gpus.Length; i++)
        {
            _gpus[i].Enter();
            _marks[0].Hold(_gpus[i]);
        }

        _gpus[0].Enter();
    }

    // What the first GPU is given from now on comes behind what the others have.
    private void Join()
    {
        for (var i = 1; i < _gpus.Length; i++)
        {
            _gpus[i].Enter();
            _marks[i].Record(_gpus[i].Stream);
        }

        _gpus[0].Enter();
        for (var i = 1; i < _gpus.Length; i++)
        {
            _marks[i].Hold(_gpus[0]);
        }
    }

    private CUgraphExec? Capture(Action queue)
    {
        // Relaxed: other devices of the process go on allocating meanwhile.
        var first = _gpus[0];
        first.Check(DriverAPINativeMethods.Streams.cuStreamBeginCapture(first.Stream, CUstreamCaptureMode.Relaxed), "begin to capture a step");
        string? fault = null;
        try
        {
            Fork();
            queue();
            Join();
        }
        catch (CudaDeviceException refused) when (!_gpus.Any(static gpu => gpu.IsSick))
        {
            fault = refused.Message;
        }
        finally
        {
            first.EnterToEnd();
        }

        var graph = default(CUgraph);
        var executable = default(CUgraphExec);
        var ended = DriverAPINativeMethods.Streams.cuStreamEndCapture(first.Stream, ref graph);
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
        Fault = fault ?? $"{first.Name} cannot make a graph of a step: {GpuContext.Describe(ended)}.";
        return null;
    }
}
