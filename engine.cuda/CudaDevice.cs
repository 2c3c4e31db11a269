using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using ManagedCuda;

namespace Crescent.Engine.Cuda;

/// <summary>
/// Runs a model on a GPU. Weights are used as they are quantised, activations are halves, sums floats. A step is queued by <see cref="Begin"/> and waited for by
/// <see cref="End"/>; it allocates nothing. The context belongs to the device: when the driver has lost it, every call throws until the device is disposed and
/// another is made.
/// </summary>
public sealed class CudaDevice : IDevice
{
    private readonly GpuContext _context;
    private readonly KernelLibrary _kernels;
    private readonly DeviceMemory _memory;
    private readonly List<IDisposable> _owned = [];
    private readonly StepLayout _layout;
    private readonly Decoder _decoder;
    private readonly KvPool _kv;
    private readonly StatePool? _states;
    private readonly StepTools _tools;
    private readonly StepResults _results;
    private readonly CudaSampler _sampler;
    private readonly StepGraphs? _graphs;
    private readonly Action _queueStep;
    private readonly GpuEvent _started;
    private readonly GpuEvent _ended;
    private StepPlan? _plan;
    private int _tokens; // of the step that is queued
    private int _rows; // of logits
    private bool _disposed;

    /// <summary>Opens the GPU and brings the model up: compiles kernels where they are not kept, copies weights, allocates KV blocks.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="CudaDeviceException">There is no such GPU, no driver, no compiler, or not memory enough; the message says what helps.</exception>
    /// <exception cref="InvalidModelException">The model is of a kind that this device does not run.</exception>
    public CudaDevice(DecoderGraph graph, CudaDeviceOptions options)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        CheckFit(graph);
        var config = graph.Config;
        _context = new GpuContext(CudaGpu.Of(options.Gpu), options.Name);
        _memory = new DeviceMemory(_context);
        _kernels = new KernelLibrary(_context, options.KernelCache);
        try
        {
            _started = Own(new GpuEvent(_context, timed: true));
            _ended = Own(new GpuEvent(_context, timed: true));
            Weights = Load(graph, options);
            var shares = new KvShares(graph);
            var maxContext = options.MaxContext > 0 ? Math.Min(options.MaxContext, config.ContextLength) : config.ContextLength;
            var partialRows = options.MaxLogitRows * AttentionWorks.MostParts;
            var vendor = options.Blas ? VendorProducts.Open(_context, _memory, out var fault) : Without(out fault);
            BlasFault = fault;
            if (vendor is not null)
            {
                Own(vendor);
            }

            Products = new MatrixProducts(_kernels, _memory, _context.Gpu.Multiprocessors, vendor);
            Products.Prepare([.. Weights.Matrices], options.MaxStepTokens);
            _states = States(options);
            _layout = Own(new StepLayout(_context, _memory, config, shares, partialRows, _states?.Spare ?? -1));
            _results = Own(new StepResults(_context, config, options.MaxStepTokens, options.MaxLogitRows, options.HostLogits));

            _kv = new KvPool(_context, _memory, config, shares.Partition);
            _tools = new StepTools(config, _kernels, _memory, Products, _layout, options.MaxStepTokens, options.MaxLogitRows);
            _decoder = new Decoder(_tools, Weights, _kv, shares, partialRows, _states);

            var sampling = config.VocabularySize <= SamplingAsk.MostVocabulary
                ? Own(new GpuSampling(_context, _kernels, _memory, config.VocabularySize, options.MaxLogitRows))
                : null;

            // Keys and values get what all else leaves.
            _context.Synchronize();
            _kv.Allocate(BlockCount(shares.Partition, options, maxContext, _memory.Free()));
            _graphs = options.Graphs ? Own(new StepGraphs(_context, Math.Min(options.MaxLogitRows, options.MaxStepTokens))) : null;
            _queueStep = () => _decoder.Run(_tokens, _rows, 0);
            _sampler = Own(new CudaSampler(_context, _decoder.Logits, _results, sampling, config.VocabularySize, options.MaxLogitRows));
            _context.Synchronize();
            var gpu = _context.Gpu;
            Info = new DeviceInfo
            {
                Name = options.Name,
                Description = $"{gpu.Name}, {gpu.MemoryBytes >> 20} MiB, {gpu.Multiprocessors} multiprocessors, compute capability {gpu.Major}.{gpu.Minor}",
                Activations = "f16",
                BlockSize = KvPool.Slots,
                StepsInFlight = 1,
                BlockCount = _kv.Blocks,
                BlockBytes = _kv.BlockBytes,
                StateSlots = _states?.Slots ?? 0,
                StateBytes = _states?.BytesOfOne ?? 0,
                KvGroups = shares.Partition.Groups,
                MaxStepTokens = options.MaxStepTokens,
                MaxLogitRows = options.MaxLogitRows,
                MaxContext = maxContext,
                VocabularySize = config.VocabularySize,
                HiddenSize = config.Width,
            };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public DeviceInfo Info { get; }

    /// <inheritdoc/>
    public IDeviceSampler Sampler => _sampler;

    /// <summary>The GPU.</summary>
    public CudaGpu Gpu => _context.Gpu;

    /// <summary>Bytes of device memory taken, by purpose.</summary>
    public IReadOnlyDictionary<string, long> Memory => _memory.Account;

    /// <summary>Bytes of weights that a decode step reads.</summary>
    public long WeightBytesPerStep => Weights.BytesPerStep;

    /// <summary>Why compiled kernels are not kept, or null.</summary>
    public string? CacheFault => _kernels.CacheFault;

    /// <summary>Why cuBLAS does not multiply the rows of long prompts, or null.</summary>
    public string? BlasFault { get; }

    /// <summary>Why decode steps are not launched as graphs, or null.</summary>
    public string? GraphFault => _graphs is null ? "They are switched off." : _graphs.Fault;

    /// <summary>Graphs made so far.</summary>
    public int GraphsMade => _graphs?.Made ?? 0;

    /// <summary>What of a step is queued, for measurements of what each part takes; graphs are made anew.</summary>
    internal StepParts Parts
    {
        get => _tools.Parts;
        set
        {
            _tools.Parts = value;
            ForgetGraphs();
        }
    }

    /// <summary>Whether decode steps are launched as graphs, where the options say so; for measurements.</summary>
    internal bool UsesGraphs { get; set; } = true;

    /// <summary>Products of matrices, for measurements; <see cref="ForgetGraphs"/> after a change.</summary>
    internal MatrixProducts Products { get; }

    private ModelWeights Weights { get; }

    /// <summary>Throws when a model is of a kind that this device does not run.</summary>
    /// <exception cref="InvalidModelException">The message names what it is and what to do.</exception>
    public static void CheckFit(DecoderGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var config = graph.Config;
        ModelFit.Check(graph);
        if (config.HeadSize % 8 != 0 || config.HeadSize > KvPool.MostHead)
        {
            throw new InvalidModelException(
                config.Name, config.Architecture + ".attention.key_length", $"a head of {config.HeadSize} values: CUDA devices take multiples of 8 up to {KvPool.MostHead}; serve it with --devices cpu");
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The plan is beyond the device's limits or names a token or block it does not have.</exception>
    /// <exception cref="CudaDeviceException">The GPU has failed.</exception>
    public void Begin(StepPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Info.Check(plan);
        _context.Enter();
        _plan = plan;
        _started.Record(_context.Stream);
        if (!plan.Slices.IsEmpty)
        {
            Queue(plan);
            _results.Copy(_decoder, plan);
        }

        _ended.Record(_context.Stream);
    }

    /// <inheritdoc/>
    public StepResult End()
    {
        var plan = _plan ?? throw new InvalidOperationException($"Device {Info.Name} has no step in flight.");
        _plan = null;
        _context.Enter();
        _ended.Wait();
        return _results.Of(plan, _ended.Since(_started));
    }

    /// <inheritdoc/>
    public void BeginCopies(ReadOnlySpan<KvCopy> copies)
    {
        _context.Enter();
        var waits = false;
        foreach (ref readonly var copy in copies)
        {
            Copy(copy);
            waits |= !copy.IsWithin;
        }

        // The host's memory is its owner's again when this returns.
        if (waits)
        {
            _context.Synchronize();
        }
    }

    /// <inheritdoc/>
    public void CopyBlock(int from, int to) => BeginCopies([new KvCopy(KvCopyKind.Within, to, 0, from)]);

    /// <inheritdoc/>
    public void CopyState(int from, int to) => BeginCopies([new KvCopy(KvCopyKind.State, to, 0, from)]);

    /// <inheritdoc/>
    public void ReadBlock(int block, Span<byte> destination) => CopyHost(KvCopyKind.ToHost, block, destination);

    /// <inheritdoc/>
    public unsafe void WriteBlock(int block, ReadOnlySpan<byte> source)
    {
        fixed (byte* first = source)
        {
            CopyHost(KvCopyKind.FromHost, block, new Span<byte>(first, source.Length));
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_context.IsSick)
        {
            try
            {
                _context.Enter();
                _context.Synchronize();
            }
            catch (Exception fault) when (fault is CudaDeviceException or CudaException)
            {
                // It failed at its last work, which nobody waits for any more.
            }
        }

        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _kernels.Dispose();
        _memory.Dispose();
        _context.Dispose();
    }

    /// <summary>Has graphs made anew, of what is queued from now on.</summary>
    internal void ForgetGraphs()
    {
        _context.Enter();
        _context.Synchronize();
        _graphs?.Forget();
    }

    private static VendorProducts? Without(out string? fault)
    {
        fault = $"It is switched off ({CudaDeviceOptions.BlasVariable}).";
        return null;
    }

    private void Queue(StepPlan plan)
    {
        var tokens = plan.AllTokens.Length;
        var batch = _graphs is not null && UsesGraphs && IsDecode(plan) ? _graphs.BatchOf(tokens) : 0;
        if (batch > 0)
        {
            (_tokens, _rows) = (batch, batch);
            _layout.Write(plan, batch, batch, roundsParts: true, _kv.Spare);
            if (_graphs!.Launch(batch, _layout.PartsKey, _layout.Moved, _queueStep))
            {
                return;
            }
        }
        else
        {
            _layout.Write(plan, tokens, plan.LogitsRowCount, roundsParts: false, _kv.Spare);
            (_tokens, _rows) = (tokens, plan.LogitsRowCount);
        }

        _decoder.Run(_tokens, _rows, plan.HiddenRowCount);
    }

    // One token of each sequence, and logits of each.
    private static bool IsDecode(StepPlan plan) => plan.AllTokens.Length == plan.Slices.Length && plan.LogitsRowCount == plan.Slices.Length && plan.HiddenRowCount == 0;

    private void Copy(in KvCopy copy)
    {
        if (copy.Kind is KvCopyKind.State or KvCopyKind.StateToHost or KvCopyKind.StateFromHost)
        {
            (_states ?? throw new NotSupportedException($"Device {Info.Name} keeps no states.")).Copy(copy, copy.Bytes(Info));
            return;
        }

        Info.CheckBlock(copy.Block);
        if (copy.Kind == KvCopyKind.Within)
        {
            Info.CheckBlock(copy.Source);
        }

        _kv.Copy(copy);
    }

    // Null for a model whose layers keep none.
    private StatePool? States(CudaDeviceOptions options)
    {
        const int Wanted = 128;
        StateShape[] shapes = [.. Weights.Parts.OfType<StateWeights>().Select(static part => part.Shape)];
        if (shapes.Length == 0)
        {
            return null;
        }

        _context.Synchronize();
        var slots = options.StateSlots > 0 ? options.StateSlots : (int)Math.Clamp(_memory.Free() / 8 / StatePool.BytesOf(shapes), 2, Wanted);
        return new StatePool(_context, _memory, shapes, slots);
    }

    private static int BlockCount(KvPartition partition, CudaDeviceOptions options, int maxContext, long free)
    {
        var groups = partition.Groups.Count;
        if (options.KvBlocks > 0)
        {
            return checked(options.KvBlocks * groups);
        }

        // As many as the memory has room for, but no more than all sequences of a step could fill.
        var useful = (long)options.MaxLogitRows * ((maxContext + KvPool.Slots - 1) / KvPool.Slots) * 2 * groups;
        var affordable = (long)(Math.Max(0, free) * options.MemoryShare) / partition.BlockBytes;
        return (int)Math.Clamp(affordable, groups, Math.Min(useful, int.MaxValue / KvPool.Slots));
    }

    private unsafe void CopyHost(KvCopyKind kind, int block, Span<byte> host)
    {
        if (host.Length != Info.BlockBytes)
        {
            throw new ArgumentException($"A block of device {Info.Name} has {Info.BlockBytes} bytes, not {host.Length}.", nameof(host));
        }

        fixed (byte* first = host)
        {
            BeginCopies([new KvCopy(kind, block, (nint)first)]);
        }
    }

    private ModelWeights Load(DecoderGraph graph, CudaDeviceOptions options)
    {
        var all = graph.Operators.SelectMany(static step => step.Matrices).Sum(static matrix => matrix.ByteLength) + graph.TokenEmbedding.ByteLength + (ReferenceEquals(graph.Output, graph.TokenEmbedding) ? 0 : graph.Output.ByteLength);
        var done = 0L;
        using var upload = new WeightUpload(_context, _memory, _kernels, bytes => options.Progress?.Invoke(done += bytes, all), options.RandomWeights);
        var weights = ModelWeights.Load(graph, upload);
        _context.Synchronize();
        return weights;
    }

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
