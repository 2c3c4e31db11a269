using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Devices;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Memory;

/// <summary>
/// One GPU's copies from and to the host's memory: in a stream of their own, in the order in which they are given, behind the steps that were queued before. Steps that are queued
/// later run beside them, but wait for what goes to the host, whose place they may write to. Copies within the device are the steps' stream's.
/// </summary>
internal sealed class HostCopies : IDisposable
{
    private const int MostMarks = 8;

    private readonly GpuContext _context;
    private readonly CUstream _stream;
    private readonly GpuEvent _steps; // what the steps' stream had when the last copy was given
    private readonly GpuEvent _sent; // the last copy to the host
    private readonly GpuEvent _brought; // all copies, where the steps' stream needs what they bring
    private readonly GpuEvent[] _marks = new GpuEvent[MostMarks];
    private readonly long[] _counts = new long[MostMarks]; // of copies that are done where a mark is
    private readonly HashSet<(bool IsState, int Number)> _arriving = [];
    private int _first; // of the marks that are not known to be done
    private int _pending;
    private long _marked;
    private long _done;
    private bool _isUnderWay; // since the last time that all were done
    private bool _isBehindSteps;
    private bool _holdsSteps; // which have yet to be told

    /// <param name="context">The GPU's.</param>
    public HostCopies(GpuContext context)
    {
        _context = context;
        context.Check(DriverAPINativeMethods.Streams.cuStreamCreate(ref _stream, CUStreamFlags.NonBlocking), "make a stream");
        _steps = new GpuEvent(context, timed: false);
        _sent = new GpuEvent(context, timed: false);
        _brought = new GpuEvent(context, timed: false);
        for (var i = 0; i < MostMarks; i++)
        {
            _marks[i] = new GpuEvent(context, timed: false);
        }
    }

    /// <summary>Where a copy is to be queued, at once; the GPU's context is this thread's.</summary>
    /// <param name="copy">Which.</param>
    /// <param name="before">Copies that the device was given before it.</param>
    public CUstream StreamFor(in KvCopy copy, long before)
    {
        var isState = copy.Kind is KvCopyKind.State or KvCopyKind.StateFromHost;
        if (copy.IsWithin)
        {
            if (_arriving.Contains((isState, copy.Source)))
            {
                _brought.Record(_stream);
                _brought.Hold(_context);
            }

            BeforeStep();
            return _context.Stream;
        }

        if (!_isUnderWay)
        {
            _marked = _done = before;
            _isUnderWay = true;
        }

        if (!_isBehindSteps)
        {
            _steps.Record(_context.Stream);
            _steps.Hold(_context, _stream);
            _isBehindSteps = true;
        }

        if (copy.Kind is KvCopyKind.FromHost or KvCopyKind.StateFromHost)
        {
            _arriving.Add((isState, copy.Block));
        }

        return _stream;
    }

    /// <summary>A copy to the host is queued.</summary>
    public void Sent()
    {
        _sent.Record(_stream);
        _holdsSteps = true;
    }

    /// <summary>A step, or a copy within the device, is about to be queued; the GPU's context is this thread's.</summary>
    public void BeforeStep()
    {
        if (_holdsSteps)
        {
            _sent.Hold(_context);
            _holdsSteps = false;
        }

        _isBehindSteps = false;
    }

    /// <summary>How many of the first <paramref name="given"/> copies of the device are done, as far as this GPU goes; its context is this thread's.</summary>
    /// <exception cref="CudaDeviceException">The GPU has failed.</exception>
    public long Done(long given)
    {
        if (!_isUnderWay)
        {
            return given;
        }

        if (given > _marked && _pending < MostMarks)
        {
            var last = (_first + _pending++) % MostMarks;
            _marks[last].Record(_stream);
            _counts[last] = _marked = given;
        }

        while (_pending > 0 && _marks[_first].IsDone())
        {
            _done = _counts[_first];
            _first = (_first + 1) % MostMarks;
            _pending--;
        }

        if (_done == given)
        {
            _isUnderWay = false;
            _arriving.Clear();
        }

        return _done;
    }

    /// <summary>Asks whether none is under way; the GPU's context is this thread's.</summary>
    /// <exception cref="CudaDeviceException">The GPU has failed.</exception>
    public bool IsIdle() => !_isUnderWay || _context.IsIdle(_stream);

    public void Dispose()
    {
        foreach (var mark in _marks)
        {
            mark.Dispose();
        }

        _steps.Dispose();
        _sent.Dispose();
        _brought.Dispose();
        _ = DriverAPINativeMethods.Streams.cuStreamDestroy_v2(_stream);
    }
}
