using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Parallel;
using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda;

/// <summary>
/// Runs a model on a GPU, or on several that share it out. Weights are used as they are quantised, activations are halves, sums floats. A step is queued by
/// <see cref="Begin"/> and waited for by <see cref="End"/>; it allocates nothing. Contexts belong to the device: when the driver has lost one, every call throws until the device is disposed and
/// another is made.
/// </summary>
public sealed class CudaDevice : IDevice
{
    private const int DraftShare = 8; // of the memory for blocks, at most: one part

    private readonly CudaGroup _gpus;
    private readonly CudaDeviceOptions _options;
    private readonly StepResults _results;
    private readonly CudaSampler _sampler;
    private readonly StepGraphs? _graphs;
    private readonly Action _queueStep;
    private readonly GpuEvent _started;
    private StepPlan? _plan;
    private int _tokens; // of the step that is queued, with those that fill a graph up
    private int _rows; // of logits
    private bool _disposed;

    /// <summary>Opens the GPUs and brings the model up: compiles kernels where they are not kept, copies weights, allocates KV blocks.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="CudaDeviceException">There is no such GPU, no driver, no compiler, or not memory enough; the message says what helps.</exception>
    /// <exception cref="InvalidModelException">The model is of a kind that this device does not run, or that so many GPUs cannot share.</exception>
    public CudaDevice(DecoderGraph graph, CudaDeviceOptions options)
        : this(graph, options, null)
    {
        try
        {
            if (options.Draft is not null)
            {
                var draft = Draft = new CudaDevice(options.Draft, options with { Name = $"{options.Name} draft", Gpus = [options.Gpus[0]], Draft = null, Progress = null }, _gpus.Leader);
                draft.Complete(free => draft.BlockCount(BlocksFor(free, BytesOfAllGroups + draft.BytesOfAllGroups, draft.BytesOfAllGroups)));
            }

            Complete(free => BlockCount(BlocksFor(free, BytesOfAllGroups)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    // All but its blocks.
    private CudaDevice(DecoderGraph graph, CudaDeviceOptions options, CudaRank? host)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        CheckFit(graph, options.Gpus.Count);
        var config = graph.Config;
        _options = options;
        _gpus = new CudaGroup(graph, options, host);
        try
        {
            var first = _gpus.Leader;
            first.Context.Enter();
            _started = first.Own(new GpuEvent(first.Context, timed: true));
            _results = first.Own(new StepResults(first.Context, config, options.MaxStepTokens, options.MaxLogitRows, options.HostLogits));
            _graphs = options.Graphs && graph.HiddenInput is null
                ? first.Own(new StepGraphs([.. _gpus.Ranks.Select(static rank => rank.Context)], Math.Min(options.MaxLogitRows, options.MaxStepTokens)))
                : null;
            _queueStep = () => _gpus.Run(_tokens, _rows, 0);
            _sampler = first.Own(new CudaSampler(first.Context, first.Decoder.Logits, _results, first.Sampling, config.VocabularySize, options.MaxLogitRows));
            Info = new DeviceInfo
            {
                Name = options.Name,
                Description = _gpus.Description,
                Activations = "f16",
                BlockSize = KvPool.Slots,
                StepsInFlight = 1,
                BlockCount = 0, // until it is complete
                BlockBytes = _gpus.BlockBytes,
                StateSlots = _gpus.StateSlots,
                StateBytes = _gpus.StateBytes,
                KvGroups = first.Shares.Partition.Groups,
                MaxStepTokens = options.MaxStepTokens,
                MaxLogitRows = options.MaxLogitRows,
                MaxContext = options.MaxContext > 0 ? Math.Min(options.MaxContext, config.ContextLength) : config.ContextLength,
                VocabularySize = config.VocabularySize,
                HiddenSize = config.Width,
                InputSize = graph.HiddenInput is null ? 0 : config.Width,
            };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public DeviceInfo Info { get; private set; }

    /// <summary>
    /// What guesses for the model, on the first GPU and in its context, or null: a device of its own for the same thread, which ends with this one. It has as many positions,
    /// unless its keys and values take more than an eighth of the memory that is left for blocks.
    /// </summary>
    public CudaDevice? Draft { get; }

    /// <inheritdoc/>
    public IDeviceSampler Sampler => _sampler;

    /// <summary>The GPU; the first where there are several.</summary>
    public CudaGpu Gpu => _gpus.Leader.Context.Gpu;

    /// <summary>All GPUs.</summary>
    public IReadOnlyList<CudaGpu> Gpus => [.. _gpus.Ranks.Select(static rank => rank.Context.Gpu)];

    /// <summary>Bytes of device memory taken, by purpose, on all GPUs.</summary>
    public IReadOnlyDictionary<string, long> Memory => Draft is null
        ? _gpus.Memory
        : _gpus.Memory.Append(KeyValuePair.Create("the draft", Draft.Memory.Values.Sum())).ToDictionary();

    /// <summary>Bytes of weights that a decode step reads, on all GPUs; of what all have, the vocabulary's matrix is read by the first alone.</summary>
    public long WeightBytesPerStep => _gpus.Ranks.Sum(rank => rank.Weights.BytesPerStep - (rank == _gpus.Leader ? 0 : rank.Weights.Output.Buffer.Bytes));

    /// <summary>Why compiled kernels are not kept, or null.</summary>
    public string? CacheFault => _gpus.Leader.Kernels.CacheFault;

    /// <summary>Why cuBLAS does not multiply the rows of long prompts, or null.</summary>
    public string? BlasFault => _gpus.BlasFault;

    /// <summary>Why decode steps are not launched as graphs, or null.</summary>
    public string? GraphFault => _graphs is null ? "They are switched off." : _graphs.Fault;

    /// <summary>Graphs made so far.</summary>
    public int GraphsMade => _graphs?.Made ?? 0;

    /// <summary>What of a step is queued, for measurements of what each part takes; graphs are made anew.</summary>
    internal StepParts Parts
    {
        get => _gpus.Leader.Tools.Parts;
        set
        {
            foreach (var rank in _gpus.Ranks)
            {
                rank.Tools.Parts = value;
            }

            ForgetGraphs();
        }
    }

    /// <summary>Whether decode steps are launched as graphs, where the options say so; for measurements.</summary>
    internal bool UsesGraphs { get; set; } = true;

    /// <summary>Products of matrices, for measurements; <see cref="ForgetGraphs"/> after a change.</summary>
    internal MatrixProducts Products => _gpus.Leader.Products;

    /// <summary>The GPUs, for tests.</summary>
    internal CudaGroup Group => _gpus;

    /// <summary>Throws when a model is of a kind that a device of <paramref name="gpus"/> GPUs does not run.</summary>
    /// <exception cref="InvalidModelException">The message names what it is and what to do.</exception>
    public static void CheckFit(DecoderGraph graph, int gpus = 1)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var config = graph.Config;
        ModelFit.Check(graph);
        foreach (var size in graph.Operators.OfType<AttentionOperator>().Select(static attention => attention.Heads.Size).Where(static size => size % 8 != 0 || size > KvPool.MostHead))
        {
            throw new InvalidModelException(
                config.Name, config.Architecture + ".attention.key_length", $"a head of {size} values: CUDA devices take multiples of 8 up to {KvPool.MostHead}; serve it with --devices cpu");
        }

        if (gpus > 1)
        {
            GraphShare.Check(graph, gpus);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The plan is beyond the device's limits or names a token or block it does not have.</exception>
    /// <exception cref="CudaDeviceException">The GPU has failed.</exception>
    public void Begin(StepPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Info.Check(plan);
        _gpus.Enter();
        _plan = plan;
        _gpus.BeforeStep();
        _started.Record(_gpus.Leader.Context.Stream);
        if (!plan.Slices.IsEmpty)
        {
            Queue(plan);
            _results.Copy(_gpus.Leader.Decoder, plan);
        }

        _gpus.Mark();
    }

    /// <inheritdoc/>
    public StepResult End()
    {
        var plan = _plan ?? throw new InvalidOperationException($"Device {Info.Name} has no step in flight.");
        _plan = null;
        _gpus.Enter();
        _gpus.Wait();
        return _results.Of(plan, _gpus.Leader.Ended.Since(_started));
    }

    /// <inheritdoc/>
    public void BeginCopies(ReadOnlySpan<KvCopy> copies)
    {
        _gpus.Enter();
        foreach (ref readonly var copy in copies)
        {
            Copy(copy);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A lost GPU copies nothing any more: all copies are done then.</remarks>
    public long CopiesDone => _gpus.CopiesDone;

    /// <inheritdoc/>
    public void WaitForCopy() => _gpus.WaitForCopy();

    /// <inheritdoc/>
    public IDisposable? PinHost(nint address, long bytes)
    {
        _gpus.Enter();
        var region = PinnedRegion.Of(_gpus.Leader.Context, address, bytes, out var fault);
        PinFault = fault;
        return region;
    }

    /// <summary>Why the host's memory is not pinned, so that copies to and from it go by way of the driver's own and steps wait for some of them; or null.</summary>
    public string? PinFault { get; private set; }

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

        // What guesses must not wait for a GPU that waits for a lost one.
        _gpus.SpreadSickness();
        Draft?.Dispose();
        _gpus.Dispose();
    }

    /// <summary>Has graphs made anew, of what is queued from now on.</summary>
    internal void ForgetGraphs()
    {
        _gpus.Enter();
        _gpus.Synchronize();
        _graphs?.Forget();
    }

    private void Queue(StepPlan plan)
    {
        var tokens = plan.AllTokens.Length;
        var batch = _graphs is not null && UsesGraphs && IsDecode(plan) ? _graphs.BatchOf(tokens) : 0;
        var captured = batch > 0;
        (_tokens, _rows) = captured ? (batch, batch) : (tokens, plan.LogitsRowCount);
        _gpus.Write(plan, _tokens, _rows, roundsParts: captured);
        if (!captured || !_graphs!.Launch(batch, _gpus.Leader.Layout.PartsKey, _gpus.Moved, _queueStep))
        {
            _gpus.Run(_tokens, _rows, plan.HiddenRowCount);
        }
    }

    // One token of each sequence, and logits of each.
    private static bool IsDecode(StepPlan plan) => plan.AllTokens.Length == plan.Slices.Length && plan.LogitsRowCount == plan.Slices.Length && plan.HiddenRowCount == 0;

    private void Copy(in KvCopy copy)
    {
        if (copy.Kind is KvCopyKind.State or KvCopyKind.StateToHost or KvCopyKind.StateFromHost)
        {
            if (_gpus.StateSlots == 0)
            {
                throw new NotSupportedException($"Device {Info.Name} keeps no states.");
            }
        }
        else
        {
            Info.CheckBlock(copy.Block);
            if (copy.Kind == KvCopyKind.Within)
            {
                Info.CheckBlock(copy.Source);
            }
        }

        if (PinFault is not null && !copy.IsWithin)
        {
            // The driver would wait for all that is ahead of it, without a limit.
            _gpus.Synchronize();
        }

        _gpus.Copy(copy, copy.Bytes(Info));
    }

    // Bytes of 16 positions.
    private long BytesOfAllGroups => _gpus.Leader.Kv.BlockBytes * Info.KvGroups.Count;

    // Blocks of 16 positions that the settings give, or that the memory has room for when each takes so many bytes, of which those of a draft have their share.
    private long BlocksFor(long free, long bytes, long draftBytes = 0)
    {
        var affordable = (long)(Math.Max(0, free) * _options.MemoryShare);
        var blocks = _options.KvBlocks > 0 ? _options.KvBlocks : affordable / bytes;
        return draftBytes == 0 ? blocks : Math.Max(1, Math.Min(blocks, affordable / DraftShare / draftBytes));
    }

    // Blocks of all groups for so many of 16 positions: no more than all sequences of a step could fill.
    private int BlockCount(long wanted)
    {
        var groups = Info.KvGroups.Count;
        if (_options.KvBlocks > 0)
        {
            return checked((int)wanted * groups);
        }

        var useful = (long)Info.MaxLogitRows * ((Info.MaxContext + KvPool.Slots - 1) / KvPool.Slots) * 2;
        return (int)Math.Clamp(Math.Min(wanted, useful) * groups, groups, int.MaxValue / KvPool.Slots);
    }

    private void Complete(Func<long, int> blocks)
    {
        _gpus.Complete(blocks);
        _gpus.Synchronize();
        Info = Info with { BlockCount = _gpus.Leader.Kv.Blocks };
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
            _gpus.Synchronize();
        }
    }
}
