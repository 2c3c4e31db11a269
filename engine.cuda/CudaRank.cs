using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Parallel;
using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda;

/// <summary>
/// One GPU of a device with its share of the model: its context, weights, keys and values and work space. Part 0 gives the results; a device of one GPU has that part
/// alone. Made in steps, as each GPU must know of the others: construction opens the GPU, <see cref="Load"/> brings weights up, <see cref="Prepare"/> takes
/// states and work space, <see cref="Complete"/> what is left for blocks.
/// </summary>
internal sealed class CudaRank : IDisposable
{
    private readonly CudaDeviceOptions _options;
    private readonly CudaRank? _host;
    private readonly List<IDisposable> _owned = [];
    private readonly int _part;
    private bool _disposed;

    private VendorProducts? _vendor;
    private DecoderGraph? _graph;

    /// <param name="options">The device's.</param>
    /// <param name="part">Of the device's GPUs, from 0.</param>
    /// <param name="host">Of another device on the same GPU, whose context, kernels and matrices of the vocabulary this one uses too; it is disposed after this. Null for a GPU of its own.</param>
    public CudaRank(CudaDeviceOptions options, int part, CudaRank? host)
    {
        _options = options;
        _part = part;
        _host = host;
        if (host is not null)
        {
            (Context, Kernels) = (host.Context, host.Kernels);
            Memory = new DeviceMemory(Context);
            Ended = Own(new GpuEvent(Context, timed: true));
            return;
        }

        var gpu = CudaGpu.Of(options.Gpus[part]);
        Context = new GpuContext(gpu, options.Gpus.Count == 1 ? options.Name : $"cuda:{gpu.Index} of {options.Name}") { Limit = options.StepLimit };
        try
        {
            Memory = new DeviceMemory(Context);
            Kernels = new KernelLibrary(Context, options.KernelCache);
            Ended = Own(new GpuEvent(Context, timed: true));
        }
        catch
        {
            Context.Dispose();
            throw;
        }
    }

    public GpuContext Context { get; }

    public DeviceMemory Memory { get; }

    public KernelLibrary Kernels { get; }

    /// <summary>Marks the end of a step.</summary>
    public GpuEvent Ended { get; }

    public ModelWeights Weights { get; private set; } = null!;

    public MatrixProducts Products { get; private set; } = null!;

    /// <summary>How its layers share blocks; every part's have the same groups.</summary>
    public KvShares Shares { get; private set; } = null!;

    /// <summary>Null for a model whose layers keep no states.</summary>
    public StatePool? States { get; private set; }

    public StepLayout Layout { get; private set; } = null!;

    /// <summary>What all that is queued for a step has in common.</summary>
    public StepTools Tools { get; private set; } = null!;

    /// <summary>Null where the vocabulary is too large, and in all parts but the first.</summary>
    public GpuSampling? Sampling { get; private set; }

    /// <summary>Null where the device has one GPU.</summary>
    public PeerSums? Sums { get; private set; }

    public KvPool Kv { get; private set; } = null!;

    public Decoder Decoder { get; private set; } = null!;

    /// <summary>Why cuBLAS does not multiply the rows of long prompts, or null.</summary>
    public string? BlasFault { get; private set; }

    /// <summary>Brings the weights of its part up.</summary>
    /// <param name="share">Its part of the model.</param>
    /// <param name="progress">Told of each piece: bytes of the file.</param>
    public void Load(DecoderGraph share, Action<long> progress)
    {
        Context.Enter();
        _graph = share;
        using (var upload = new WeightUpload(Context, Memory, Kernels, progress, _options.RandomWeights))
        {
            Weights = ModelWeights.Load(share, upload, tensor => _host?.Find(tensor));
            Context.Synchronize();
        }

        Shares = new KvShares(share);
        OpenVendor();
        Products = new MatrixProducts(Kernels, Memory, Context.Gpu.Multiprocessors, _vendor);
        Products.Prepare([.. Weights.Matrices], _options.MaxStepTokens);
    }

    /// <summary>States for sequences that the options ask for, or that there is room for beside all else; 0 where no layer keeps one.</summary>
    public int StatesThatFit()
    {
        const int Wanted = 128;
        if (StateShapes.Length == 0 || _options.StateSlots > 0)
        {
            return StateShapes.Length == 0 ? 0 : _options.StateSlots;
        }

        Context.Enter();
        return (int)Math.Clamp((long)(Memory.Free() * _options.MemoryShare) / 8 / StatePool.BytesOf(StateShapes), 2, Wanted);
    }

    /// <summary>Takes the states and all work space.</summary>
    /// <param name="states">For so many sequences.</param>
    /// <param name="direct">Whether GPUs read each other's memory.</param>
    public void Prepare(int states, bool direct)
    {
        Context.Enter();
        var config = _graph!.Config;
        States = states == 0 ? null : new StatePool(Context, Memory, StateShapes, states);
        Layout = Own(new StepLayout(Context, Memory, Shares, PartialRows, States?.Spare ?? -1));
        if (_options.Gpus.Count > 1)
        {
            Sums = Own(new PeerSums(Context, Kernels, Memory, _part, _options.Gpus.Count, (long)(_options.MaxStepTokens + MatrixProducts.RowGroup) * config.Width, direct));
        }

        Kv = new KvPool(Context, Memory, Shares.Partition);
        Tools = new StepTools(config, Kernels, Memory, Products, Layout, _options.MaxStepTokens, LogitRows, ResultRows(_options.MaxStepTokens));
        Decoder = new Decoder(Tools, Weights, Kv, Shares, PartialRows, States)
        {
            Sums = Sums,
            Inputs = Weights.HiddenInput is null ? null : Own(new HiddenInputs(Context, Tools, Weights.HiddenInput)),
        };
        if (_part == 0 && config.VocabularySize <= SamplingAsk.MostVocabulary)
        {
            Sampling = Own(new GpuSampling(Context, Kernels, Memory, config.VocabularySize, _options.MaxLogitRows));
        }

        Context.Synchronize();
    }

    /// <summary>Bytes that are left for blocks, which all else leaves.</summary>
    public long FreeForBlocks()
    {
        Context.Enter();
        return Memory.Free();
    }

    /// <summary>Takes the blocks.</summary>
    public void Complete(int blocks)
    {
        Context.Enter();
        Kv.Allocate(blocks);
        Context.Synchronize();
    }

    /// <summary>Queues the copy of its share of a block; those of a block in the host's memory lie one after the other, but for latent rows, which are the same of all.</summary>
    public void Copy(in KvCopy copy, CUstream stream)
    {
        Context.Enter();
        Kv.Copy(Shares.IsLatent ? copy : copy with { Host = copy.Host + (nint)(_part * Kv.BlockBytes) }, stream);
    }

    /// <summary>Queues the copy of its share of a state, or of what the bytes that are copied have of it.</summary>
    /// <param name="copy">Of the whole state.</param>
    /// <param name="bytes">Of a copy from or to the host.</param>
    /// <param name="start">Where its share begins in the whole state.</param>
    /// <param name="stream">Where it is queued.</param>
    public void CopyState(in KvCopy copy, int bytes, long start, CUstream stream)
    {
        Context.Enter();
        var (first, last) = (Math.Max(copy.Offset, start), Math.Min(copy.Offset + bytes, start + States!.BytesOfOne));
        if (copy.IsWithin)
        {
            States.Copy(copy, 0, stream);
        }
        else if (first < last)
        {
            States.Copy(copy with { Host = copy.Host + (nint)(first - copy.Offset), Offset = first - start }, (int)(last - first), stream);
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Context.EnterToEnd();
        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        if (_host is not null)
        {
            Memory.Dispose();
            return;
        }

        Kernels.Dispose();
        Memory.Dispose();
        Context.Dispose();
    }

    /// <summary>Has something end with it, before what was there before.</summary>
    public T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    private PackedMatrix? Find(GgufTensor tensor) => ReferenceEquals(tensor, _graph!.TokenEmbedding) ? Weights.Embedding : ReferenceEquals(tensor, _graph.Output) ? Weights.Output : null;

    private void OpenVendor()
    {
        if (_host is not null)
        {
            (_vendor, BlasFault) = (_host._vendor, _host.BlasFault);
            return;
        }

        if (!_options.Blas)
        {
            BlasFault = $"It is switched off ({CudaDeviceOptions.BlasVariable}).";
            return;
        }

        _vendor = VendorProducts.Open(Context, Memory, out var fault);
        BlasFault = fault;
        if (_vendor is not null)
        {
            Own(_vendor);
        }
    }

    private StateShape[] StateShapes => [.. Weights.Parts.OfType<StateWeights>().Select(static part => part.Shape)];

    private int LogitRows => ResultRows(_options.MaxLogitRows);

    // Only part 0 gives results.
    private int ResultRows(int most) => _part == 0 ? most : 1;

    private int PartialRows => _options.MaxLogitRows * AttentionWorks.MostParts;
}
