using System.Globalization;
using System.Runtime.InteropServices;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Driver;

/// <summary>
/// A GPU's context with the stream that all work of a device goes through. Once the driver has answered with an error that no later call recovers from,
/// every further one is refused with the same message; disposing then ends the GPU's context, so that the next one is fresh.
/// </summary>
internal sealed class GpuContext : IDisposable
{
    /// <summary>Environment variable: 0 for kernels that begin one after the other.</summary>
    public const string OverlapVariable = "CRESCENT_CUDA_OVERLAP";

    /// <summary>Of <see cref="Limit"/>: far more than any step takes.</summary>
    public static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(2);

    private readonly PrimaryContext _context;
    private readonly CUstream _stream;
    private string? _fault;
    private bool _disposed;

    // The one that this thread has made current last: threads may enter several, and a new one may have the number of one that has ended.
    [ThreadStatic]
    private static GpuContext? _entered;

    /// <summary>Makes the context current on this thread.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="name">The device's name, for messages.</param>
    /// <exception cref="CudaDeviceException">The GPU is too old, or the driver refuses.</exception>
    public GpuContext(CudaGpu gpu, string name)
    {
        Gpu = gpu;
        Name = name;
        if (gpu.Major < 8)
        {
            throw new CudaDeviceException(
                $"{name} is a {gpu.Name} of compute capability {gpu.Major}.{gpu.Minor}; 8.0 (Ampere) or newer is needed. Use another GPU, or --devices cpu.");
        }

        try
        {
            _context = new PrimaryContext(gpu.Index);
        }
        catch (CudaException fault)
        {
            throw new CudaDeviceException($"{name} ({gpu.Name}) cannot be opened: {Describe(fault.CudaError)}. Is another process using it exclusively?", fault);
        }

        Enter();
        try
        {
            Overlaps = Environment.GetEnvironmentVariable(OverlapVariable) != "0" && OverlappedLaunch.IsThere(gpu);
            Check(DriverAPINativeMethods.Streams.cuStreamCreate(ref _stream, CUStreamFlags.NonBlocking), "make a stream");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The GPU.</summary>
    public CudaGpu Gpu { get; }

    /// <summary>The device's name.</summary>
    public string Name { get; }

    /// <summary>What all work goes through, in order.</summary>
    public CUstream Stream => _stream;

    /// <summary>The driver's handle.</summary>
    public CUcontext Handle => _context.Context;

    /// <summary>How long it may take to finish what it was given.</summary>
    public TimeSpan Limit { get; init; } = DefaultLimit;

    /// <summary>Whether kernels are launched so that they may begin before the one ahead has ended; <see cref="OverlapVariable"/> can forbid it.</summary>
    public bool Overlaps { get; }

    /// <summary>True after an error that no later call recovers from.</summary>
    public bool IsSick => _fault is not null;

    /// <summary>What every call is refused with, or null.</summary>
    public string? Sickness => _fault;

    /// <summary>Makes the context this thread's, where it is not.</summary>
    /// <exception cref="CudaDeviceException">The device is sick.</exception>
    public void Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_fault is not null)
        {
            throw new CudaDeviceException(_fault);
        }

        if (_entered != this)
        {
            _context.SetCurrent();
            _entered = this;
        }
    }

    /// <summary>Lets this GPU's kernels read another's memory.</summary>
    /// <returns>False where the two have no such way.</returns>
    public bool TryReach(GpuContext other)
    {
        Enter();
        var can = 0;
        Check(DriverAPINativeMethods.CudaPeerAccess.cuDeviceCanAccessPeer(ref can, _context.Device, other._context.Device), "ask for access to another GPU's memory");
        if (can == 0)
        {
            return false;
        }

        var result = DriverAPINativeMethods.CudaPeerAccess.cuCtxEnablePeerAccess(other.Handle, CtxEnablePeerAccessFlags.None);
        const int TooManyPeers = 711, NotSupported = 801;
        if (result == CUResult.ErrorPeerAccessUnsupported || (int)result is TooManyPeers or NotSupported)
        {
            return false;
        }

        // Somebody else of this process may have asked before.
        if (result != CUResult.ErrorPeerAccessAlreadyEnabled)
        {
            Check(result, "reach another GPU's memory");
        }

        return true;
    }

    /// <summary>Refuses all further work, as after an error of its own: another GPU of the device has failed.</summary>
    public void GiveUp(string fault) => _fault ??= fault;

    /// <summary>Makes the context this thread's whatever state it is in, to end what belongs to it.</summary>
    public void EnterToEnd()
    {
        if (_entered != this)
        {
            try
            {
                _context.SetCurrent();
                _entered = this;
            }
            catch (CudaException)
            {
                // It is gone, and all that belonged to it.
            }
        }
    }

    /// <summary>Throws unless <paramref name="result"/> is success.</summary>
    public void Check(CUResult result, string doing)
    {
        if (result != CUResult.Success)
        {
            throw Fault(result, doing);
        }
    }

    /// <summary>What to throw for an answer; remembers one that the context does not recover from.</summary>
    public CudaDeviceException Fault(CUResult result, string doing)
    {
        var message = $"{Name} ({Gpu.Name}) could not {doing}: {Describe(result)}.";
        return IsSticky(result) ? Lost(message) : new CudaDeviceException(message);
    }

    /// <summary>What to throw where it has not finished within <see cref="Limit"/>; it is sick from then on.</summary>
    public CudaDeviceException TooLate() =>
        Lost(string.Create(CultureInfo.InvariantCulture, $"{Name} ({Gpu.Name}) has not finished its work in {Limit.TotalSeconds:0.###} s."));

    /// <summary>Asks whether all that was queued is done; the context is this thread's.</summary>
    /// <exception cref="CudaDeviceException">The GPU has failed.</exception>
    public bool IsIdle() => IsIdle(_stream);

    /// <summary>The same of another stream of the context.</summary>
    /// <exception cref="CudaDeviceException">The GPU has failed.</exception>
    public bool IsIdle(CUstream stream)
    {
        var answer = DriverAPINativeMethods.Streams.cuStreamQuery(stream);
        if (answer == CUResult.ErrorNotReady)
        {
            return false;
        }

        Check(answer, "finish its work");
        return true;
    }

    /// <summary>Waits for all that was queued; the context is this thread's.</summary>
    /// <exception cref="CudaDeviceException">The GPU has failed, or not finished within <see cref="Limit"/>.</exception>
    public void Synchronize() => Patience.Until(this, static context => context.IsIdle() ? null : context);

    /// <summary>The error's name and meaning.</summary>
    public static string Describe(CUResult result)
    {
        nint name = 0, text = 0;
        _ = DriverAPINativeMethods.ErrorHandling.cuGetErrorName(result, ref name);
        _ = DriverAPINativeMethods.ErrorHandling.cuGetErrorString(result, ref text);
        return $"{Marshal.PtrToStringUTF8(name) ?? "error"} ({(int)result}){(Marshal.PtrToStringUTF8(text) is { } meaning ? ", " + meaning : "")}";
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_stream.Pointer != 0)
        {
            _ = DriverAPINativeMethods.Streams.cuStreamDestroy_v2(_stream);
        }

        _context.Dispose();
        if (_fault is not null)
        {
            try
            {
                // Whoever else holds this GPU's context holds a dead one.
                PrimaryContext.Reset(Gpu.Index);
            }
            catch (CudaException)
            {
                // The GPU is gone for good: opening it again will say so.
            }
        }
    }

    private CudaDeviceException Lost(string message)
    {
        _fault = message + " The GPU's context is lost; the device must be opened again (see the kernel's log for Xid messages).";
        return new CudaDeviceException(_fault);
    }

    // What only a refusal of the call itself is, and not a failure of the device: not permitted and not supported (800, 801) and errors of captures (900 to 909) among it.
    private static bool IsSticky(CUResult result) =>
        result is not (CUResult.ErrorInvalidValue or CUResult.ErrorOutOfMemory or CUResult.ErrorNotFound or CUResult.ErrorNotReady) && (int)result is not (800 or 801 or (>= 900 and < 910));
}
