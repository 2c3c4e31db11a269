using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Devices;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Memory;

/// <summary>
/// When the copies of a device from and to the host's memory are done, on all its GPUs: in streams of their own, one for either direction, behind the steps that were queued before. Steps that are
/// queued later run beside them, but wait for what goes to the host, whose place they may write to. What comes in waits for all that goes out, which may be it; what goes out waits for
/// others only where its place in the host's memory is in use. Copies within the device are the steps' stream's.
/// </summary>
internal sealed class HostCopies : IDisposable
{
    private const int MostMarks = 8;

    private readonly Lane[] _lanes;
    private readonly long[] _counts = new long[MostMarks]; // of copies that are done where a mark is
    private readonly Dictionary<(bool IsState, int Number), long> _arriving = []; // by which copy
    private readonly HashSet<nint> _places = []; // of the host's memory that copies under way use
    private int _first; // of the marks that are not known to be done
    private int _pending;
    private long _marked;
    private long _done;
    private bool _isUnderWay; // since the last time that all were done
    private bool _isBehindSteps;
    private bool _isBehindSent = true; // what comes in
    private bool _holdsSteps; // which have yet to be told

    /// <param name="gpus">Of the device; each one's context must not be sick.</param>
    public HostCopies(IReadOnlyList<GpuContext> gpus)
    {
        _lanes = new Lane[gpus.Count];
        for (var i = gpus.Count - 1; i >= 0; i--)
        {
            gpus[i].Enter();
            _lanes[i] = new Lane(gpus[i]);
        }
    }

    /// <summary>Copies that were queued since the start, those within the device among them.</summary>
    public long Given { get; private set; }

    /// <summary>A copy is about to be queued.</summary>
    public void Begin(in KvCopy copy)
    {
        var isState = copy.Kind is KvCopyKind.State or KvCopyKind.StateFromHost;
        if (copy.IsWithin)
        {
            if (_arriving.TryGetValue((isState, copy.Source), out var number) && number > _done)
            {
                foreach (var lane in _lanes)
                {
                    lane.Gpu.Enter();
                    lane.In.Mark();
                    lane.In.Last.Hold(lane.Gpu);
                }
            }

            BeforeStep();
            return;
        }

        if (!_isUnderWay)
        {
            _marked = _done = Given;
            _isUnderWay = true;
        }

        if (!_isBehindSteps)
        {
            foreach (var lane in _lanes)
            {
                lane.Gpu.Enter();
                lane.Steps.Record(lane.Gpu.Stream);
                lane.Steps.Hold(lane.Gpu, lane.In.Stream);
                lane.Steps.Hold(lane.Gpu, lane.Out.Stream);
            }

            _isBehindSteps = true;
        }

        if (GoesOut(copy))
        {
            if (_places.Contains(copy.Host))
            {
                Mark(static lane => lane.In);
                Order(static lane => lane.In, static lane => lane.Out);
                Order(static lane => lane.Out, static lane => lane.Out);
            }
        }
        else
        {
            if (!_isBehindSent)
            {
                Order(static lane => lane.Out, static lane => lane.In);
                _isBehindSent = true;
            }

            _arriving[(isState, copy.Block)] = Given + 1;
        }

        _places.Add(copy.Host);
    }

    /// <summary>Where one of the GPUs' share of a copy that has begun is queued; its context is this thread's.</summary>
    public CUstream StreamOf(int gpu, in KvCopy copy)
    {
        var lane = _lanes[gpu];
        return copy.IsWithin ? lane.Gpu.Stream : GoesOut(copy) ? lane.Out.Stream : lane.In.Stream;
    }

    /// <summary>A copy that has begun is queued on all GPUs.</summary>
    public void Queued(in KvCopy copy)
    {
        Given++;
        if (GoesOut(copy))
        {
            Mark(static lane => lane.Out);
            _holdsSteps = true;
            _isBehindSent = false;
        }
    }

    /// <summary>A step, or a copy within the device, is about to be queued.</summary>
    public void BeforeStep()
    {
        foreach (var lane in _holdsSteps ? _lanes : [])
        {
            lane.Gpu.Enter();
            lane.Out.Last.Hold(lane.Gpu);
        }

        _holdsSteps = _isBehindSteps = false;
    }

    /// <summary>How many of <see cref="Given"/> copies, from the first on, are done on all GPUs.</summary>
    /// <exception cref="CudaDeviceException">A GPU has failed.</exception>
    public long Done()
    {
        if (!_isUnderWay)
        {
            return Given;
        }

        if (Given > _marked && _pending < MostMarks)
        {
            var last = (_first + _pending++) % MostMarks;
            foreach (var lane in _lanes)
            {
                lane.Gpu.Enter();
                lane.Marks[last].In.Record(lane.In.Stream);
                lane.Marks[last].Out.Record(lane.Out.Stream);
            }

            _counts[last] = _marked = Given;
        }

        while (_pending > 0 && IsPassed(_first))
        {
            _done = _counts[_first];
            _first = (_first + 1) % MostMarks;
            _pending--;
        }

        if (_done == Given)
        {
            _isUnderWay = false;
            _arriving.Clear();
            _places.Clear();
        }

        return _done;
    }

    /// <summary>Asks whether none of a GPU's copies is under way; its context is this thread's.</summary>
    /// <exception cref="CudaDeviceException">The GPU has failed.</exception>
    public bool IsIdle(int gpu) => !_isUnderWay || (_lanes[gpu].Gpu.IsIdle(_lanes[gpu].In.Stream) && _lanes[gpu].Gpu.IsIdle(_lanes[gpu].Out.Stream));

    public void Dispose()
    {
        foreach (var lane in _lanes)
        {
            lane.Gpu.EnterToEnd();
            lane.Dispose();
        }
    }

    private static bool GoesOut(in KvCopy copy) => copy.Kind is KvCopyKind.ToHost or KvCopyKind.StateToHost;

    private void Mark(Func<Lane, Line> line)
    {
        foreach (var lane in _lanes)
        {
            lane.Gpu.Enter();
            line(lane).Mark();
        }
    }

    // What is queued in one line of any GPU comes behind what is marked in another of all.
    private void Order(Func<Lane, Line> first, Func<Lane, Line> then)
    {
        foreach (var lane in _lanes)
        {
            lane.Gpu.Enter();
            foreach (var other in _lanes)
            {
                first(other).Last.Hold(lane.Gpu, then(lane).Stream);
            }
        }
    }

    // All are asked, so that one that is lost is noticed while others wait for it.
    private bool IsPassed(int mark)
    {
        var isPassed = true;
        foreach (var lane in _lanes)
        {
            lane.Gpu.Enter();
            isPassed &= lane.Marks[mark].In.IsDone() & lane.Marks[mark].Out.IsDone();
        }

        return isPassed;
    }

    // A stream of a GPU's, and its last copy that others may wait for.
    private sealed class Line : IDisposable
    {
        public readonly CUstream Stream;

        public Line(GpuContext gpu)
        {
            gpu.Check(DriverAPINativeMethods.Streams.cuStreamCreate(ref Stream, CUStreamFlags.NonBlocking), "make a stream");
            Last = new GpuEvent(gpu, timed: false);
        }

        public GpuEvent Last { get; }

        public void Mark() => Last.Record(Stream);

        public void Dispose()
        {
            Last.Dispose();
            _ = DriverAPINativeMethods.Streams.cuStreamDestroy_v2(Stream);
        }
    }

    // A GPU's.
    private sealed class Lane(GpuContext gpu) : IDisposable
    {
        public GpuContext Gpu => gpu;

        public Line In { get; } = new(gpu);

        public Line Out { get; } = new(gpu);

        // What the steps' stream had when the last copy was given.
        public GpuEvent Steps { get; } = new(gpu, timed: false);

        public (GpuEvent In, GpuEvent Out)[] Marks { get; } = [.. Enumerable.Range(0, MostMarks).Select(_ => (new GpuEvent(gpu, timed: false), new GpuEvent(gpu, timed: false)))];

        public void Dispose()
        {
            foreach (var (first, second) in Marks)
            {
                first.Dispose();
                second.Dispose();
            }

            Steps.Dispose();
            In.Dispose();
            Out.Dispose();
        }
    }
}
