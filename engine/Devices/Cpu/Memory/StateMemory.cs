namespace Crescent.Engine.Devices.Cpu.Memory;

/// <summary>The states of a device: for each slot those of all layers that keep one, one after the other: (floats of a layer, layers, slots).</summary>
internal sealed unsafe class StateMemory : IDisposable
{
    private readonly NativeBuffer _memory;
    private readonly long[] _offsets;
    private readonly long _floats;

    /// <param name="layers">Floats of each layer's state.</param>
    /// <param name="slots">States.</param>
    public StateMemory(IReadOnlyList<int> layers, int slots)
    {
        _offsets = new long[layers.Count];
        for (var i = 0; i < layers.Count; i++)
        {
            _offsets[i] = _floats;
            _floats += NativeBuffer.RoundUp(layers[i], 16);
        }

        Slots = layers.Count == 0 ? 0 : slots;
        _memory = NativeBuffer.OfFloats(_floats * Slots);
    }

    /// <summary>States.</summary>
    public int Slots { get; }

    /// <summary>Bytes of one.</summary>
    public long BytesOfOne => _floats * sizeof(float);

    /// <summary>A layer's state.</summary>
    public float* State(int slot, int layer) => _memory.Floats + (slot * _floats) + _offsets[layer];

    /// <summary>Some bytes of a state, of all layers one after the other.</summary>
    public Span<byte> Bytes(int slot, long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + count, BytesOfOne);
        return new Span<byte>((byte*)(_memory.Floats + (slot * _floats)) + offset, count);
    }

    /// <summary>Copies all layers of a state over those of another.</summary>
    public void Copy(int from, int to) =>
        Buffer.MemoryCopy(_memory.Floats + (from * _floats), _memory.Floats + (to * _floats), BytesOfOne, BytesOfOne);

    public void Dispose() => _memory.Dispose();
}
