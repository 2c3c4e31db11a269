using System.Diagnostics;
using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Sampling;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>
/// Runs a model on the processor. The weights are used as they are quantised; keys and values are kept as the options say. A
/// token's logits have the same bits whatever else is in its step, however its prompt was cut into chunks and however many threads
/// there are. A step allocates nothing. The model's file must stay open as long as the device lives.
/// </summary>
public sealed class CpuDevice : IDevice
{
    private readonly ComputeTeam _team;
    private readonly bool _ownsTeam;
    private readonly InstructionSet _instructions;
    private readonly DecoderWeights _weights;
    private readonly StepBuffers _buffers;
    private readonly KvMemory _kv;
    private readonly StateMemory _states;
    private readonly IAttentionPhase _attention;
    private readonly IForwardPass _forward;
    private readonly CpuSampler _sampler;
    private TimeSpan _duration;
    private int _rows;

    /// <summary>Makes the model ready to run: repacks weights, allocates KV blocks, starts the compute threads.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="options">What it may use.</param>
    /// <param name="beside">
    /// A device whose threads it shares, because it does its steps while that one does none, and whose output matrix where that is the same; to be disposed after it. Null for threads of
    /// its own.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="PlatformNotSupportedException">The processor lacks the instructions asked for.</exception>
    /// <exception cref="InvalidModelException">See <see cref="CheckFit"/>.</exception>
    public CpuDevice(DecoderGraph graph, CpuDeviceOptions options, CpuDevice? beside = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        CheckFit(graph, options);
        var config = graph.Config;
        var instructions = _instructions = Processor.Choose(options.InstructionSet);
        var threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        var maxContext = MaxContextOf(graph, options);
        _ownsTeam = beside is null;
        _team = beside?._team ?? new ComputeTeam(threads, options.Name);
        threads = _team.Count;
        _buffers = new StepBuffers(StepSizes.Of(graph), options.MaxStepTokens);
        var loader = new WeightLoader(instructions, options.Activations);
        var caches = new ModelCaches(graph, PageBytes(options.KvType));
        _states = new StateMemory(caches.StateFloats, StateCount(options, caches.StateFloats));
        var activations = options.Activations == ActivationPrecision.Int16 ? "int16" : "int8";
        var shared = beside?._instructions == instructions && beside.Info.Activations == activations ? beside._weights : null;
        (_weights, _kv, _attention, _forward, _sampler) = instructions switch
        {
            InstructionSet.Avx512Vnni or InstructionSet.Avx512 => Build<Lanes512>(graph, caches, options, loader, shared, maxContext),
            InstructionSet.Avx2Vnni or InstructionSet.Avx2 => Build<Lanes256>(graph, caches, options, loader, shared, maxContext),
            _ => Build<Lanes128>(graph, caches, options, loader, shared, maxContext),
        };
        Info = new DeviceInfo
        {
            Name = options.Name,
            Description = $"{Processor.Name}, {threads} {(threads == 1 ? "thread" : "threads")}, {Processor.Describe(instructions)}",
            Activations = activations,
            BlockSize = KvPage.Slots,
            BlockCount = _kv.Blocks,
            BlockBytes = _kv.BlockBytes,
            KvGroups = caches.Partition.Groups,
            StateSlots = _states.Slots,
            StateBytes = _states.BytesOfOne,
            MaxStepTokens = options.MaxStepTokens,
            MaxLogitRows = options.MaxLogitRows,
            MaxContext = maxContext,
            VocabularySize = config.VocabularySize,
            HiddenSize = config.Width,
            InputSize = graph.HiddenInput is null ? 0 : config.Width,
        };
    }

    /// <inheritdoc/>
    public DeviceInfo Info { get; }

    /// <inheritdoc/>
    public IDeviceSampler Sampler => _sampler;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The plan is beyond the device's limits or names a token or block it does not have.</exception>
    public void Begin(StepPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Info.Check(plan);
        var start = Stopwatch.GetTimestamp();
        _rows = plan.LogitsRowCount;
        if (!plan.Slices.IsEmpty)
            _sampler.Begin(_forward.Execute(plan));
        _duration = Stopwatch.GetElapsedTime(start);
    }

    /// <inheritdoc/>
    public StepResult End() => new(_sampler.Logits(_rows * Info.VocabularySize), Info.VocabularySize, _duration, _forward.HiddenStates, Info.HiddenSize);

    /// <inheritdoc/>
    public void CopyBlock(int from, int to)
    {
        Info.CheckBlock(from);
        Info.CheckBlock(to);
        _kv.Copy(from, to);
    }

    /// <inheritdoc/>
    public void CopyState(int from, int to)
    {
        CheckState(from);
        CheckState(to);
        _states.Copy(from, to);
    }

    /// <inheritdoc/>
    public void ReadState(int state, long offset, Span<byte> destination)
    {
        CheckState(state);
        _states.Bytes(state, offset, destination.Length).CopyTo(destination);
    }

    /// <inheritdoc/>
    public void WriteState(int state, long offset, ReadOnlySpan<byte> source)
    {
        CheckState(state);
        source.CopyTo(_states.Bytes(state, offset, source.Length));
    }

    /// <inheritdoc/>
    public void ReadBlock(int block, Span<byte> destination)
    {
        Info.CheckBlock(block);
        _kv.Read(block, destination);
    }

    /// <inheritdoc/>
    public void WriteBlock(int block, ReadOnlySpan<byte> source)
    {
        Info.CheckBlock(block);
        _kv.Write(block, source);
    }

    public void Dispose()
    {
        if (_ownsTeam)
            _team.Dispose();
        _forward.Dispose();
        _attention.Dispose();
        _kv.Dispose();
        _states.Dispose();
        _buffers.Dispose();
        _weights.Dispose();
    }

    /// <summary>Throws when the memory of this process has no room for a size that the model's file declares.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="options">What it may use.</param>
    /// <param name="beside">Another model whose weights are in memory beside it; null for none.</param>
    /// <exception cref="InvalidModelException">The message names the key, what it takes and what to do.</exception>
    public static void CheckFit(DecoderGraph graph, CpuDeviceOptions options, DecoderGraph? beside = null) =>
        WorkingMemory.Check(graph, options, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes - (beside is null ? 0 : WorkingMemory.Weights(beside)));

    /// <summary>Bytes of the keys and values of a block of positions, all layers together.</summary>
    public static long BlockBytesOf(DecoderGraph graph, CpuDeviceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var partition = new ModelCaches(graph, PageBytes(options.KvType)).Partition;
        return partition.BlockBytes * partition.Groups.Count;
    }

    /// <summary>Blocks of positions that a device has, as <paramref name="options"/> say or as many as a quarter of the memory takes.</summary>
    public static int BlocksOf(DecoderGraph graph, CpuDeviceOptions options)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(options);
        var partition = new ModelCaches(graph, PageBytes(options.KvType)).Partition;
        return BlockCount(options, partition, MaxContextOf(graph, options)) / partition.Groups.Count;
    }

    /// <summary>Bytes of the weights, of which each device has its own, but for embedding and output that the model <paramref name="beside"/> it has too.</summary>
    public static long WeightBytesOf(DecoderGraph graph, DecoderGraph? beside = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return WorkingMemory.Weights(graph, beside);
    }

    private void CheckState(int state) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)state, (uint)_states.Slots, nameof(state));

    private static int MaxContextOf(DecoderGraph graph, CpuDeviceOptions options) =>
        options.MaxContext > 0 ? Math.Min(options.MaxContext, graph.Config.ContextLength) : graph.Config.ContextLength;

    private static int StateCount(CpuDeviceOptions options, IReadOnlyList<int> layers)
    {
        const int Wanted = 128;
        if (options.StateSlots > 0 || layers.Count == 0)
            return options.StateSlots;
        var affordable = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8 / (layers.Sum(static floats => (long)floats) * sizeof(float));
        return (int)Math.Clamp(affordable, 2, Wanted);
    }

    private static int BlockCount(CpuDeviceOptions options, KvPartition partition, int maxContext)
    {
        var groups = partition.Groups.Count;
        if (options.KvBlocks > 0)
            return checked(options.KvBlocks * groups);
        const int Sequences = 64;
        const int Positions = 2048;
        var wanted = Sequences * ((Math.Min(maxContext, Positions) + KvPage.Slots - 1) / KvPage.Slots);
        var affordable = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4 / (partition.BlockBytes * groups);
        return (int)Math.Clamp(affordable, 1, wanted) * groups;
    }

    // Neither depends on the vectors.
    private static Func<int, int> PageBytes(KvType type) => type switch
    {
        KvType.F32 => SingleKv<Lanes128>.PageBytes,
        KvType.Q8_0 => EightBitKv<Lanes128>.PageBytes,
        _ => HalfKv<Lanes128>.PageBytes,
    };

    private (DecoderWeights Weights, KvMemory Kv, IAttentionPhase Attention, IForwardPass Forward, CpuSampler Sampler) Build<TLanes>(
        DecoderGraph graph, ModelCaches caches, CpuDeviceOptions options, WeightLoader loader, DecoderWeights? shared, int maxContext)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var weights = new DecoderWeights(graph, loader, shared);
        var (kv, attention) = options.KvType switch
        {
            KvType.F32 => BuildAttention<TLanes, SingleKv<TLanes>>(caches, graph.Config.NormEpsilon, options, maxContext),
            KvType.Q8_0 => BuildAttention<TLanes, EightBitKv<TLanes>>(caches, graph.Config.NormEpsilon, options, maxContext),
            _ => BuildAttention<TLanes, HalfKv<TLanes>>(caches, graph.Config.NormEpsilon, options, maxContext),
        };
        var forward = new Decoder<TLanes>(graph, weights, loader, caches, _states, _team, _buffers, attention, options);
        var sampler = new CpuSampler(_team, () => new RowSampler<TLanes>(graph.Config.VocabularySize));
        return (weights, kv, attention, forward, sampler);
    }

    private (KvMemory Kv, IAttentionPhase Attention) BuildAttention<TLanes, TKv>(ModelCaches caches, float epsilon, CpuDeviceOptions options, int maxContext)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvFormat
    {
        var kv = new KvMemory(caches.Pages, caches.Partition, BlockCount(options, caches.Partition, maxContext));

        // No sequence is longer than all blocks together, whatever the model was trained for.
        var positions = (int)Math.Min(maxContext, (long)kv.Blocks * KvPage.Slots);
        return (kv, new AttentionPhase<TLanes, TKv>(caches.Heads, caches.Ropes, epsilon, _team, _buffers, kv, options.MaxStepTokens, positions));
    }
}
