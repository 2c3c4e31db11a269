using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Driver;

/// <summary>A mark in a stream, to wait for and, where it is timed, to measure from.</summary>
internal sealed class GpuEvent : IDisposable
{
    private readonly GpuContext _context;
    private readonly CUevent _event;
    private bool _recorded;

    public GpuEvent(GpuContext context, bool timed)
    {
        _context = context;
        context.Check(DriverAPINativeMethods.Events.cuEventCreate(ref _event, timed ? CUEventFlags.Default : CUEventFlags.DisableTiming), "make an event");
    }

    /// <summary>Marks what is queued so far.</summary>
    public void Record(CUstream stream)
    {
        _context.Check(DriverAPINativeMethods.Events.cuEventRecord(_event, stream), "mark its stream");
        _recorded = true;
    }

    /// <summary>What is queued on another GPU from now on waits until what was marked here is done.</summary>
    public void Hold(GpuContext other) => Hold(other, other.Stream);

    /// <summary>What is queued in a stream from now on waits until what was marked here is done.</summary>
    public void Hold(GpuContext other, CUstream stream) => other.Check(DriverAPINativeMethods.Streams.cuStreamWaitEvent(stream, _event, 0), "wait for other work");

    /// <summary>Asks whether what was marked is done; its context is this thread's.</summary>
    /// <exception cref="CudaDeviceException">The GPU has failed.</exception>
    public bool IsDone()
    {
        var answer = _recorded ? DriverAPINativeMethods.Events.cuEventQuery(_event) : CUResult.Success;
        if (answer == CUResult.ErrorNotReady)
        {
            return false;
        }

        _context.Check(answer, "finish its work");
        return true;
    }

    /// <summary>Waits until what was marked is done; its context is this thread's.</summary>
    /// <exception cref="CudaDeviceException">The GPU has failed, or not finished within <see cref="GpuContext.Limit"/>.</exception>
    public void Wait() => Patience.Until(this, static mark => mark.IsDone() ? null : mark._context);

    /// <summary>Time on the GPU from <paramref name="start"/> to here; both are done.</summary>
    public TimeSpan Since(GpuEvent start)
    {
        float milliseconds = 0;
        _context.Check(DriverAPINativeMethods.Events.cuEventElapsedTime(ref milliseconds, start._event, _event), "measure its time");
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    public void Dispose() => _ = DriverAPINativeMethods.Events.cuEventDestroy_v2(_event);
}
