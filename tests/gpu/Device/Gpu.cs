using System.Runtime.InteropServices;

namespace Crescent.GpuCheck.Device;

/// <summary>A GPU for checks and measurements: its primary context, current on the thread that opened it, one stream, memory, kernels, timers.</summary>
internal sealed unsafe class Gpu : IDisposable
{
    private readonly CudaLibrary _driver = CudaLibrary.Driver();
    private readonly Kernels _kernels;
    private readonly nint _stream;
    private readonly nint[] _events = new nint[2];
    private readonly int _device;
    private readonly nint _context;

    /// <summary>Opens the device of number <paramref name="ordinal"/>.</summary>
    public Gpu(int ordinal = 0)
    {
        Check("cuInit", ((delegate* unmanaged<uint, int>)_driver.Entry("cuInit"))(0));
        int device;
        Check("cuDeviceGet", ((delegate* unmanaged<int*, int, int>)_driver.Entry("cuDeviceGet"))(&device, ordinal));
        _device = device;
        nint context, stream;
        Check("cuDevicePrimaryCtxRetain", ((delegate* unmanaged<nint*, int, int>)_driver.Entry("cuDevicePrimaryCtxRetain"))(&context, device));
        _context = context;
        MakeCurrent();
        Check("cuStreamCreate", ((delegate* unmanaged<nint*, uint, int>)_driver.Entry("cuStreamCreate"))(&stream, 1));
        _stream = stream;
        for (var i = 0; i < 2; i++)
        {
            nint made;
            Check("cuEventCreate", ((delegate* unmanaged<nint*, uint, int>)_driver.Entry("cuEventCreate"))(&made, 0));
            _events[i] = made;
        }

        _kernels = new Kernels(this, _driver);
    }

    /// <summary>Makes its context this thread's.</summary>
    public void MakeCurrent() => Check("cuCtxSetCurrent", ((delegate* unmanaged<nint, int>)_driver.Entry("cuCtxSetCurrent"))(_context));

    /// <summary>Lets kernels of this GPU touch another's memory.</summary>
    public void Reach(Gpu other)
    {
        MakeCurrent();
        Check("cuCtxEnablePeerAccess", ((delegate* unmanaged<nint, uint, int>)_driver.Entry("cuCtxEnablePeerAccess"))(other._context, 0));
    }

    /// <summary>Takes kernels of another source under the name <paramref name="file"/>.</summary>
    public void Load(string file, string source) => _kernels.Load(file, source);

    /// <summary>The driver's library.</summary>
    public CudaLibrary Driver => _driver;

    /// <summary>The stream of all work here.</summary>
    public nint Stream => _stream;

    /// <summary>Compute capability, such as 90.</summary>
    public int Architecture => (Attribute(75) * 10) + Attribute(76);

    public int Multiprocessors => Attribute(16);

    public string Name
    {
        get
        {
            var name = stackalloc byte[256];
            Check("cuDeviceGetName", ((delegate* unmanaged<byte*, int, int, int>)_driver.Entry("cuDeviceGetName"))(name, 256, _device));
            return Marshal.PtrToStringUTF8((nint)name)!;
        }
    }

    public string PciBusId
    {
        get
        {
            var id = stackalloc byte[64];
            Check("cuDeviceGetPCIBusId", ((delegate* unmanaged<byte*, int, int, int>)_driver.Entry("cuDeviceGetPCIBusId"))(id, 64, _device));
            return Marshal.PtrToStringUTF8((nint)id)!;
        }
    }

    /// <summary>As CUDA numbers it, such as 13000.</summary>
    public int DriverVersion
    {
        get
        {
            int version;
            Check("cuDriverGetVersion", ((delegate* unmanaged<int*, int>)_driver.Entry("cuDriverGetVersion"))(&version));
            return version;
        }
    }

    /// <summary>Free and total bytes.</summary>
    public (long Free, long Total) Memory
    {
        get
        {
            nuint free, total;
            Check("cuMemGetInfo", ((delegate* unmanaged<nuint*, nuint*, int>)_driver.Entry("cuMemGetInfo_v2"))(&free, &total));
            return ((long)free, (long)total);
        }
    }

    public int Attribute(int number)
    {
        int value;
        Check("cuDeviceGetAttribute", ((delegate* unmanaged<int*, int, int, int>)_driver.Entry("cuDeviceGetAttribute"))(&value, number, _device));
        return value;
    }

    /// <summary>Memory whose content is whatever it is.</summary>
    public GpuMemory Allocate(long bytes) => new(this, Math.Max(bytes, 16));

    /// <summary>Memory with a copy of <paramref name="values"/>.</summary>
    public GpuMemory Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var memory = Allocate((long)values.Length * sizeof(T));
        Write(memory.Address, values);
        return memory;
    }

    public void Write<T>(ulong address, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        fixed (T* source = values)
        {
            // In the stream: the plain copy is of the default stream, for which this one does not wait.
            Check(
                "cuMemcpyHtoDAsync",
                ((delegate* unmanaged<ulong, void*, nuint, nint, int>)_driver.Entry("cuMemcpyHtoDAsync_v2"))(address, source, (nuint)((long)values.Length * sizeof(T)), _stream));
            Synchronize();
        }
    }

    /// <summary>Copies out what the stream has made.</summary>
    public T[] Download<T>(ulong address, long count)
        where T : unmanaged
    {
        Synchronize();
        var values = new T[count];
        fixed (T* target = values)
        {
            Check("cuMemcpyDtoH", ((delegate* unmanaged<void*, ulong, nuint, int>)_driver.Entry("cuMemcpyDtoH_v2"))(target, address, (nuint)(count * sizeof(T))));
        }

        return values;
    }

    /// <summary>Fills every byte, in the stream.</summary>
    public void Fill(ulong address, byte value, long bytes) =>
        Check("cuMemsetD8Async", ((delegate* unmanaged<ulong, byte, nuint, nint, int>)_driver.Entry("cuMemsetD8Async"))(address, value, (nuint)bytes, _stream));

    /// <summary>Copies within the device, in the stream.</summary>
    public void Copy(ulong to, ulong from, long bytes) =>
        Check("cuMemcpyDtoDAsync", ((delegate* unmanaged<ulong, ulong, nuint, nint, int>)_driver.Entry("cuMemcpyDtoDAsync_v2"))(to, from, (nuint)bytes, _stream));

    /// <summary>Puts a kernel of <paramref name="file"/> into the stream; arguments are int, long, float and <see cref="GpuMemory"/> or ulong for addresses.</summary>
    public void Launch(string file, string kernel, (long X, long Y) grid, int block, params ReadOnlySpan<object?> arguments) =>
        Launch(file, kernel, (grid.X, grid.Y, 1), block, 0, arguments);

    /// <summary>The same with a third dimension of blocks.</summary>
    public void Launch(string file, string kernel, (long X, long Y, long Z) grid, int block, params ReadOnlySpan<object?> arguments) =>
        Launch(file, kernel, grid, block, 0, arguments);

    /// <summary>The same with <paramref name="sharedBytes"/> of dynamic shared memory.</summary>
    public void LaunchShared(string file, string kernel, (long X, long Y) grid, int block, int sharedBytes, params ReadOnlySpan<object?> arguments) =>
        Launch(file, kernel, (grid.X, grid.Y, 1), block, sharedBytes, arguments);

    private void Launch(string file, string kernel, (long X, long Y, long Z) grid, int block, int sharedBytes, ReadOnlySpan<object?> arguments)
    {
        var function = _kernels.Find(file, kernel);
        var values = stackalloc long[arguments.Length];
        var pointers = stackalloc nint[arguments.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            values[i] = arguments[i] switch
            {
                int number => number,
                long number => number,
                float number => BitConverter.SingleToInt32Bits(number),
                ulong address => (long)address,
                GpuMemory memory => (long)memory.Address,
                null => 0,
                var other => throw new ArgumentException($"A kernel takes no {other.GetType().Name}.", nameof(arguments)),
            };
            pointers[i] = (nint)(values + i);
        }

        Check(
            $"cuLaunchKernel of {kernel}",
            ((delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, nint*, nint*, int>)_driver.Entry("cuLaunchKernel"))(
                function, checked((uint)grid.X), checked((uint)grid.Y), checked((uint)grid.Z), (uint)block, 1, 1, (uint)sharedBytes, _stream, pointers, null));
    }

    /// <summary>Waits for all of the stream.</summary>
    public void Synchronize() => Check("cuStreamSynchronize", ((delegate* unmanaged<nint, int>)_driver.Entry("cuStreamSynchronize"))(_stream));

    /// <summary>Milliseconds that what <paramref name="work"/> puts into the stream takes, by the device's own events.</summary>
    public double Time(Action work)
    {
        var record = (delegate* unmanaged<nint, nint, int>)_driver.Entry("cuEventRecord");
        Check("cuEventRecord", record(_events[0], _stream));
        work();
        Check("cuEventRecord", record(_events[1], _stream));
        Check("cuEventSynchronize", ((delegate* unmanaged<nint, int>)_driver.Entry("cuEventSynchronize"))(_events[1]));
        float milliseconds;
        Check("cuEventElapsedTime", ((delegate* unmanaged<float*, nint, nint, int>)_driver.Entry("cuEventElapsedTime"))(&milliseconds, _events[0], _events[1]));
        return milliseconds;
    }

    /// <summary>Resources of a compiled kernel: registers and bytes of local memory of a thread, bytes of static shared memory of a block.</summary>
    public (int Registers, int Local, int Shared) Resources(string file, string kernel)
    {
        var function = _kernels.Find(file, kernel);
        var read = (delegate* unmanaged<int*, int, nint, int>)_driver.Entry("cuFuncGetAttribute");
        int registers, local, shared;
        Check("cuFuncGetAttribute", read(&registers, 4, function));
        Check("cuFuncGetAttribute", read(&local, 3, function));
        Check("cuFuncGetAttribute", read(&shared, 1, function));
        return (registers, local, shared);
    }

    public void Dispose()
    {
        // Whatever state it is in: a step that failed says so itself.
        _ = ((delegate* unmanaged<nint, int>)_driver.Entry("cuStreamDestroy_v2"))(_stream);
        _kernels.Dispose();
        _ = ((delegate* unmanaged<int, int>)_driver.Entry("cuDevicePrimaryCtxRelease_v2"))(_device);
    }

    internal void Check(string call, int result)
    {
        if (result == 0)
            return;
        nint text = 0;
        _ = ((delegate* unmanaged<int, nint*, int>)_driver.Entry("cuGetErrorName"))(result, &text);
        throw new CudaCallException(call, result, Marshal.PtrToStringUTF8(text));
    }
}
