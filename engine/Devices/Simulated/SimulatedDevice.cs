namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// A tensor-parallel group of GPUs that exists only as a model of its time and power. It says tokens of its own invention and how long the
/// real one would have taken; it does not wait: <see cref="PacedDevice"/> does, in a live silo.
/// </summary>
public sealed class SimulatedDevice : IDevice
{
    /// <summary>Share of the memory that a server may use.</summary>
    private const double UsableMemory = 0.92;

    /// <summary>Memory of one GPU for activations, graphs and the libraries, bytes.</summary>
    private const double ReservedBytes = 3e9;

    /// <summary>Positions below which a group is too small to be worth naming.</summary>
    private const int UsefulPositions = 8192;

    private readonly StepTimeModel _time;
    private readonly SimulatedText _text;
    private readonly int _window;
    private int[] _tokens;
    private int _rows;

    /// <summary>Device <paramref name="index"/> of <paramref name="spec"/>, which runs <paramref name="model"/>.</summary>
    /// <param name="spec">The GPUs.</param>
    /// <param name="index">Which of the spec's devices.</param>
    /// <param name="model">The model.</param>
    /// <param name="text">What it says.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="FormatException">The model does not fit; the message says how many GPUs it needs.</exception>
    public SimulatedDevice(SimulatedDeviceSpec spec, int index, ModelShape model, SimulatedText text, SimulatedDeviceOptions? options = null)
    {
        options ??= new SimulatedDeviceOptions();
        CheckFit(spec, model);
        var caches = Caches(spec, model, options.BlockSize);
        Shape = model;
        Spec = spec;
        _text = text;
        _time = new StepTimeModel(spec.Gpu, model, spec.TensorParallel, options.Timing, spec.DataParallel);
        var gpu = spec.PoweredGpu;
        Power = new SimulatedPower(gpu, spec.TensorParallel) { Work = _time.Coefficients() };
        Power.BlockCopyJoules = caches.BlockBytes / 1e9 * spec.Gpu.HostCopyJoulesPerGigabyte;
        _window = model.LocalLayers > 0 ? model.LocalWindow : int.MaxValue;
        _tokens = new int[64];
        var info = new DeviceInfo
        {
            Name = spec.DeviceName(index),
            Description = $"simulated {(spec.TensorParallel > 1 ? $"{spec.TensorParallel} x " : "")}{spec.Gpu.Description}",
            Simulated = true,
            Node = options.Node,
            Rack = options.Rack,
            ReadsBlockTables = false,
            BlockSize = options.BlockSize,
            BlockCount = caches.Blocks,
            BlockBytes = caches.BlockBytes,
            KvGroups = caches.Groups,
            StateSlots = caches.StateSlots,
            StateBytes = caches.StateBytes,
            BlockCopySeconds = caches.BlockBytes / (spec.TensorParallel * spec.Gpu.HostLinkGigabytesPerSecond * 1e9),
            MaxStepTokens = options.MaxStepTokens,
            MaxLogitRows = options.MaxLogitRows,
            MaxContext = options.MaxContext > 0 ? options.MaxContext : model.ContextLength,
            VocabularySize = text.VocabularySize,
            Profile = SimulatedProfile.Of(gpu, spec.TensorParallel, _time, Power.Curve),
        };
        Info = info with { MaxContext = (int)Math.Min(info.MaxContext, caches.MostPositions(options.BlockSize, options.MaxStepTokens)) };
    }

    /// <inheritdoc/>
    public DeviceInfo Info { get; }

    /// <summary>The GPUs.</summary>
    public SimulatedDeviceSpec Spec { get; }

    /// <summary>The model.</summary>
    public ModelShape Shape { get; }

    /// <summary>What it draws, and its cap.</summary>
    public SimulatedPower Power { get; }

    /// <summary>What the last step computed.</summary>
    public StepWork LastWork { get; private set; }

    /// <summary>How long the last step took.</summary>
    public StepTime LastTime { get; private set; }

    /// <summary>
    /// Sequences of <paramref name="positions"/> positions whose keys, values and states fit beside the weights: of each GPU's memory 92 % less 3 GB, less its part of the weights.
    /// Without the rest of a block, and of a window's blocks while a step is computed.
    /// </summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="gpus">How many of them are one device.</param>
    /// <param name="model">The model.</param>
    /// <param name="dataParallel">Whether each has sequences of its own, and all of the model but the experts.</param>
    /// <param name="positions">Of a sequence.</param>
    public static double Sequences(GpuModel gpu, int gpus, ModelShape model, bool dataParallel = false, int positions = ModelShape.TypicalPositions) =>
        SimulatedCaches.Sequences(KvBytes(gpu, gpus, model, dataParallel), model, gpus, dataParallel, positions);

    /// <summary>Positions that a device of <paramref name="spec"/> can give one sequence; 0 where the model does not fit.</summary>
    /// <param name="spec">The GPUs.</param>
    /// <param name="model">The model.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="stepTokens">Tokens of a step.</param>
    public static int MaxPositions(SimulatedDeviceSpec spec, ModelShape model, int blockSize, int stepTokens) =>
        (int)Math.Min(model.ContextLength, Caches(spec, model, blockSize).MostPositions(blockSize, stepTokens));

    /// <summary>Bytes beside the weights.</summary>
    public static double KvBytes(GpuModel gpu, int gpus, ModelShape model, bool dataParallel = false) =>
        (gpus * Usable(gpu)) - model.WeightBytes(model.Precision, dataParallel ? gpus : 1);

    /// <summary>Bytes of a KV block: what a host tier has in so much of its memory.</summary>
    public static long BlockBytesOf(SimulatedDeviceSpec spec, ModelShape model, int blockSize) => SimulatedCaches.Partition(spec, model, blockSize).BlockBytes;

    /// <summary>Throws when a device of <paramref name="spec"/> has no room for <paramref name="model"/>.</summary>
    /// <exception cref="FormatException">The message says how many GPUs it needs.</exception>
    public static void CheckFit(SimulatedDeviceSpec spec, ModelShape model)
    {
        // Whatever its block size is, it then has a block for each group of layers.
        if (spec.DataParallel && model.Experts == 0)
        {
            throw new FormatException($"{spec} divides experts among its GPUs, and {model.Name} has none: use :tp{spec.TensorParallel}.");
        }

        var caches = Caches(spec, model, KvBlockSize.Most);
        if (caches.Blocks < caches.Groups.Count)
        {
            throw new FormatException(
                $"{model.Name} ({model.WeightBytes(model.Precision) / 1e9:0.#} GB of weights) does not fit {spec.TensorParallel} x {spec.Gpu.Description}: " +
                $"use :{(spec.DataParallel ? "dep" : "tp")}{GpusFor(spec.Gpu, model, spec.DataParallel)} or narrower weights.");
        }
    }

    /// <inheritdoc/>
    public void Begin(StepPlan plan)
    {
        if (_tokens.Length < plan.LogitsRowCount)
        {
            _tokens = new int[Math.Max(plan.LogitsRowCount, _tokens.Length * 2)];
        }

        var work = default(StepWork);
        var all = plan.AllTokens;
        foreach (ref readonly var slice in plan.Slices)
        {
            if (slice.TokenCount == 1)
            {
                work.AddDecode(slice.StartPosition, _window);
            }
            else
            {
                work.AddPrefill(slice.StartPosition, slice.TokenCount, slice.LogitsRowCount, _window);
            }

            var rows = slice.LogitsRowCount;
            var first = slice.TokenCount - rows;
            for (var row = 0; row < rows; row++)
            {
                _tokens[slice.LogitsRow + row] = _text.Next(all[slice.TokenOffset + first + row], slice.StartPosition + first + row);
            }
        }

        var time = _time.Estimate(work);
        var clock = Power.Begin(work.DecodeSequences, time.PrefillShare);
        LastWork = work;
        LastTime = clock < 1 ? _time.Estimate(work, clock) : time;
        _rows = plan.LogitsRowCount;
    }

    /// <inheritdoc/>
    public StepResult End() => new(_tokens.AsSpan(0, _rows), TimeSpan.FromSeconds(LastTime.Seconds));

    /// <inheritdoc/>
    /// <remarks>There are no keys and values to copy.</remarks>
    public void CopyBlock(int from, int to)
    {
    }

    /// <inheritdoc/>
    /// <remarks>They take their time where steps do: see <see cref="CopyLine"/>.</remarks>
    public void BeginCopies(ReadOnlySpan<KvCopy> copies)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static SimulatedCaches Caches(SimulatedDeviceSpec spec, ModelShape model, int blockSize) =>
        SimulatedCaches.Of(KvBytes(spec.Gpu, spec.TensorParallel, model, spec.DataParallel), spec, model, blockSize);

    /// <summary>Whether a sequence of so many positions fits, with a state of its own and one that is kept.</summary>
    private static bool Fits(GpuModel gpu, int gpus, ModelShape model, bool dataParallel, int positions) =>
        KvBytes(gpu, gpus, model, dataParallel) >= (2 * model.SequenceStateBytes) + ((double)positions * (model.Layers - model.StateLayers) * model.KvBytesPerLayer(gpus, dataParallel));

    private static double Usable(GpuModel gpu) => (UsableMemory * gpu.MemoryGigabytes * 1e9) - ReservedBytes;

    private static int GpusFor(GpuModel gpu, ModelShape model, bool dataParallel)
    {
        var gpus = 1;
        while (gpus < 1024 && !Fits(gpu, gpus, model, dataParallel, UsefulPositions))
        {
            gpus *= 2;
        }

        return gpus;
    }
}
