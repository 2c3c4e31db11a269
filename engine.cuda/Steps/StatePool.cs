using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Devices;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>The states of sequences, of all layers that keep one, as floats: (floats of a layer, layers, slots), so that a state is copied at once.</summary>
internal sealed class StatePool
{
    private readonly GpuContext _context;
    private readonly DeviceBuffer _memory;
    private readonly long[] _offsets;

    /// <param name="context">The GPU's.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="layers">Shapes of all layers that keep a state; at least one.</param>
    /// <param name="slots">States; one more is there for tokens that fill a batch up.</param>
    public StatePool(GpuContext context, DeviceMemory memory, IReadOnlyList<StateShape> layers, int slots)
    {
        _context = context;
        Slots = slots;
        _offsets = new long[layers.Count];
        for (var i = 1; i < layers.Count; i++)
        {
            _offsets[i] = _offsets[i - 1] + Floats(layers[i - 1]);
        }

        _memory = memory.Allocate(BytesOf(layers) * (slots + 1L), "states");
        BytesOfOne = BytesOf(layers);
    }

    /// <summary>States.</summary>
    public int Slots { get; }

    /// <summary>A state behind those of <see cref="Slots"/>.</summary>
    public int Spare => Slots;

    /// <summary>Bytes of one.</summary>
    public long BytesOfOne { get; }

    /// <summary>First byte of state 0.</summary>
    public CUdeviceptr Pointer => _memory.Pointer;

    /// <summary>Bytes of a state of such layers.</summary>
    public static long BytesOf(IEnumerable<StateShape> layers) => layers.Sum(Floats) * sizeof(float);

    /// <summary>Where a layer begins in a state, floats.</summary>
    public long LayerOffset(int layer) => _offsets[layer];

    /// <summary>Queues a copy of a state, or of some of its bytes.</summary>
    /// <param name="copy">Which.</param>
    /// <param name="bytes">Of a copy from or to the host.</param>
    /// <param name="stream">Where it is queued.</param>
    public void Copy(in KvCopy copy, int bytes, CUstream stream)
    {
        Check(copy.Block);
        var state = _memory.At((copy.Block * BytesOfOne) + copy.Offset);
        if (copy.Kind == KvCopyKind.State)
        {
            Check(copy.Source);
            _context.Check(
                DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(state, _memory.At(copy.Source * BytesOfOne), BytesOfOne, stream), "copy a state");
            return;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(copy.Offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(copy.Offset + bytes, BytesOfOne);
        _context.Check(
            copy.Kind == KvCopyKind.StateToHost
                ? DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(copy.Host, state, bytes, stream)
                : DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(state, copy.Host, bytes, stream),
            "copy a state");
    }

    private static long Floats(StateShape layer) => (layer.StateFloats + 15L) / 16 * 16;

    private void Check(int state) => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)state, (uint)Slots, nameof(state));
}
