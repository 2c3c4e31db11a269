using Crescent.Engine.Cuda.Driver;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Memory;

/// <summary>Host memory that a GPU copies from and to by itself. That of a context that is lost goes with it: a GPU that waits for a lost one may still write there.</summary>
internal sealed unsafe class PinnedBuffer : IDisposable
{
    private readonly GpuContext _context;
    private nint _pointer;

    /// <param name="context">The GPU's.</param>
    /// <param name="bytes">Its length.</param>
    public PinnedBuffer(GpuContext context, long bytes)
    {
        _context = context;
        Bytes = Math.Max(bytes, 256);
        context.Check(DriverAPINativeMethods.MemoryManagement.cuMemHostAlloc(ref _pointer, Bytes, CUMemHostAllocFlags.None), $"pin {Bytes} bytes of host memory");
        new Span<byte>((void*)_pointer, (int)Math.Min(Bytes, int.MaxValue)).Clear();
    }

    /// <summary>Bytes.</summary>
    public long Bytes { get; }

    /// <summary>First byte.</summary>
    public nint Pointer => _pointer;

    /// <summary>As values of <typeparamref name="T"/>, from <paramref name="offset"/> bytes on.</summary>
    public Span<T> As<T>(long offset, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + ((long)count * sizeof(T)), Bytes);
        return new Span<T>((byte*)_pointer + offset, count);
    }

    public void Dispose()
    {
        if (_pointer != 0 && !_context.IsSick)
        {
            _ = DriverAPINativeMethods.MemoryManagement.cuMemFreeHost(_pointer);
        }

        _pointer = 0;
    }
}
