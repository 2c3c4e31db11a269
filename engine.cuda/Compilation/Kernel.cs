using System.Runtime.InteropServices;
using Crescent.Engine.Cuda.Driver;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Compilation;

/// <summary>
/// A kernel ready to be launched: first its parameters in their order, then <see cref="Launch"/>. Nothing is allocated. For one thread.
/// </summary>
internal sealed unsafe class Kernel : IDisposable
{
    private const int MostParameters = 32;

    private readonly GpuContext _context;
    private readonly CUfunction _function;
    private readonly string _name;
    private readonly nint[] _pointers = new nint[MostParameters];
    private long* _values; // a parameter: 8 bytes
    private int _count;

    public Kernel(GpuContext context, CUfunction function, string name)
    {
        _context = context;
        _function = function;
        _name = name;
        _values = (long*)NativeMemory.AllocZeroed(MostParameters, sizeof(long));
        for (var i = 0; i < MostParameters; i++)
        {
            _pointers[i] = (nint)(_values + i);
        }
    }

    /// <summary>The next parameter: an address.</summary>
    public Kernel With(CUdeviceptr value) => With((long)(ulong)value);

    /// <summary>The next parameter.</summary>
    public Kernel With(long value)
    {
        _values[_count++] = value;
        return this;
    }

    /// <inheritdoc cref="With(long)"/>
    public Kernel With(int value)
    {
        *(int*)(_values + _count++) = value;
        return this;
    }

    /// <inheritdoc cref="With(long)"/>
    public Kernel With(float value)
    {
        *(float*)(_values + _count++) = value;
        return this;
    }

    /// <summary>Queues the kernel with the parameters that were given since the last launch.</summary>
    /// <param name="gridX">Blocks.</param>
    /// <param name="gridY">Blocks.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="gridZ">Blocks.</param>
    /// <param name="overlaps">Whether it may begin before the kernel ahead of it has ended, where the GPU can do that.</param>
    public void Launch(int gridX, int gridY, int threads, int gridZ = 1, bool overlaps = true)
    {
        _count = 0;
        var result = overlaps && _context.Overlaps
            ? OverlappedLaunch.Launch(_function, (uint)gridX, (uint)gridY, (uint)gridZ, (uint)threads, _context.Stream, _pointers)
            : DriverAPINativeMethods.Launch.cuLaunchKernel(_function, (uint)gridX, (uint)gridY, (uint)gridZ, (uint)threads, 1, 1, 0, _context.Stream, _pointers, null!);
        if (result != CUResult.Success)
        {
            throw _context.Fault(result, $"launch {_name}");
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(_values);
        _values = null;
    }
}
