using System.Runtime.InteropServices;

namespace Crescent.Engine.Devices.Cpu.Memory;

/// <summary>
/// Zeroed memory outside the managed heap, aligned to a cache line. Pages that are never touched take no memory.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>Bytes of a cache line, and of a 512-bit vector.</summary>
    public const int Alignment = 64;

    private void* _allocation;

    /// <summary>Allocates <paramref name="bytes"/> bytes and room to read one vector past the end.</summary>
    public NativeBuffer(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Length = bytes;
        _allocation = NativeMemory.AllocZeroed((nuint)bytes + (2 * Alignment));
        Data = (byte*)(((nuint)_allocation + Alignment - 1) & ~(nuint)(Alignment - 1));
        GC.AddMemoryPressure(bytes + 1);
    }

    ~NativeBuffer() => Release();

    /// <summary>First byte.</summary>
    public byte* Data { get; }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>The buffer as floats.</summary>
    public float* Floats => (float*)Data;

    /// <summary>A buffer of <paramref name="count"/> floats.</summary>
    public static NativeBuffer OfFloats(long count) => new(count * sizeof(float));

    /// <summary><paramref name="value"/> rounded up to a multiple of <paramref name="multiple"/>.</summary>
    public static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_allocation != null)
        {
            NativeMemory.Free(_allocation);
            _allocation = null;
            GC.RemoveMemoryPressure(Length + 1);
        }
    }
}
