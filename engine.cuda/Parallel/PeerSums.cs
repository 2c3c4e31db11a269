using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Parallel;

/// <summary>
/// One GPU's place where the parts of a sum are added up that several GPUs have computed (all-reduce): the same bits on all of them, as all add in the order of parts. Few values
/// are read from every GPU by every GPU; of many, each GPU adds up a slice, and the slices are then read by all. Where GPUs cannot read each other's memory, slices are copied.
/// </summary>
/// <remarks>
/// A sum is <see cref="Mark"/> on all GPUs, <see cref="Reduce"/> on all, <see cref="AddTo"/> on all: work waits for that of another GPU by an event, which is recorded before
/// anything is told to wait for it. <see cref="Part"/> is one of two buffers in turn: a GPU that writes the next part has read of the others what it needed of the last, and
/// when it writes the one after that, the others have read this one.
/// </remarks>
internal sealed class PeerSums : IDisposable
{
    /// <summary>Default of <see cref="DirectFloats"/>.</summary>
    public const int DefaultDirectFloats = 1 << 16;

    private const int Threads = 256;
    private const int Group = 4; // floats that a thread takes

    private readonly GpuContext _context;
    private readonly Kernel _add;
    private readonly Kernel _join;
    private readonly DeviceBuffer[] _parts;
    private readonly DeviceBuffer? _copies; // of the others' parts of this GPU's slice
    private readonly GpuEvent _marked;
    private readonly GpuEvent _reduced;
    private readonly int _index;
    private readonly bool _direct;
    private PeerSums[] _all = [];
    private int _turn;

    /// <param name="context">The GPU's.</param>
    /// <param name="kernels">Of the GPU.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="index">Of the part, from 0.</param>
    /// <param name="count">Parts.</param>
    /// <param name="mostFloats">Of a sum, at most.</param>
    /// <param name="direct">Whether GPUs read each other's memory.</param>
    public PeerSums(GpuContext context, KernelLibrary kernels, DeviceMemory memory, int index, int count, long mostFloats, bool direct)
    {
        const string Purpose = "sums of GPUs";
        _context = context;
        _index = index;
        _direct = direct;
        _add = kernels.Get("peers.cu", "add_parts");
        _join = kernels.Get("peers.cu", "join_slices");
        _parts = [memory.Allocate(4 * mostFloats, Purpose), memory.Allocate(4 * mostFloats, Purpose)];
        _copies = direct ? null : memory.Allocate(4L * Group * (count - 1) * SliceOf(mostFloats / Group, count), Purpose);
        _marked = new GpuEvent(context, timed: false);
        _reduced = new GpuEvent(context, timed: false);
    }

    /// <summary>Floats of a sum up to which each of more than two GPUs reads all of it from every other; the same on all of them.</summary>
    public int DirectFloats { get; set; } = DefaultDirectFloats;

    /// <summary>Where this GPU's part of the next sum is to be written.</summary>
    public DeviceBuffer Part => _parts[_turn];

    /// <summary>Lets those of one device know each other, in the order of their parts.</summary>
    public static void Link(PeerSums[] all)
    {
        foreach (var sums in all)
        {
            sums._all = all;
        }
    }

    /// <summary>This GPU's part is queued.</summary>
    public void Mark() => _marked.Record(_context.Stream);

    /// <summary>Adds up this GPU's slice where there are slices; all parts are marked.</summary>
    /// <param name="floats">Of the sum: whole times 4.</param>
    public void Reduce(int floats)
    {
        foreach (var other in _all)
        {
            if (other != this)
            {
                other._marked.Hold(_context);
            }
        }

        if (!HasSlices(floats))
        {
            return;
        }

        var groups = floats / Group;
        var slice = (int)SliceOf(groups, _all.Length);
        var count = Math.Clamp(groups - (_index * slice), 0, slice);
        if (count > 0)
        {
            var offset = 16L * _index * slice;
            for (int i = 0, copy = 0; i < _all.Length && !_direct; i++)
            {
                if (i != _index)
                {
                    Copy(_copies!.At(16L * slice * copy++), _all[i], offset, 16L * count);
                }
            }

            _add.With(Part.At(offset));
            for (var i = 0; i < GraphShare.MostParts; i++)
            {
                _add.With(
                    i >= _all.Length ? default : _direct || i == _index ? _all[i].Part.At(offset) : _copies!.At(16L * slice * (i < _index ? i : i - 1)));
            }

            LaunchAdd(_all.Length, count, accumulate: false);
        }

        _reduced.Record(_context.Stream);
    }

    /// <summary>y = the sum, or y += it; <see cref="Part"/> is the next one's then. All slices are added up.</summary>
    /// <param name="y">Floats of this GPU.</param>
    /// <param name="floats">Of the sum: whole times 4.</param>
    /// <param name="accumulate">Whether y is added to.</param>
    public void AddTo(CUdeviceptr y, int floats, bool accumulate)
    {
        var groups = floats / Group;
        if (!HasSlices(floats))
        {
            Give(_add.With(y));
            LaunchAdd(_all.Length, groups, accumulate);
            return;
        }

        foreach (var other in _all)
        {
            if (other != this)
            {
                other._reduced.Hold(_context);
            }
        }

        var slice = (int)SliceOf(groups, _all.Length);
        if (_direct)
        {
            Give(_join.With(y)).With(slice).With(groups).With(accumulate ? 1 : 0).Launch((slice + Threads - 1) / Threads, _all.Length, Threads, overlaps: false);
            return;
        }

        // Nobody needs this GPU's parts of the others' slices any more.
        for (var i = 0; i < _all.Length; i++)
        {
            var count = Math.Clamp(groups - (i * slice), 0, slice);
            if (i != _index && count > 0)
            {
                Copy(Part.At(16L * i * slice), _all[i], 16L * i * slice, 16L * count);
            }
        }

        _add.With(y).With(Part.Pointer);
        for (var i = 1; i < GraphShare.MostParts; i++)
        {
            _add.With(default(CUdeviceptr));
        }

        LaunchAdd(1, groups, accumulate);
    }

    /// <summary>The other of the two buffers is <see cref="Part"/> from now on; all GPUs have added up.</summary>
    public void Turn() => _turn ^= 1;

    public void Dispose()
    {
        _marked.Dispose();
        _reduced.Dispose();
    }

    private static long SliceOf(long groups, int parts) => (groups + parts - 1) / parts;

    private bool HasSlices(int floats) => !_direct || (_all.Length > 2 && floats > DirectFloats);

    // What is ahead in the stream may be no kernel, so that none begins early.
    private void LaunchAdd(int parts, int groups, bool accumulate) =>
        _add.With(parts).With(groups).With(accumulate ? 1 : 0).Launch((groups + Threads - 1) / Threads, 1, Threads, overlaps: false);

    private Kernel Give(Kernel kernel)
    {
        for (var i = 0; i < GraphShare.MostParts; i++)
        {
            kernel.With(i < _all.Length ? _all[i].Part.Pointer : default);
        }

        return kernel;
    }

    private void Copy(CUdeviceptr target, PeerSums source, long offset, long bytes) => _context.Check(
        DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyPeerAsync(target, _context.Handle, source.Part.At(offset), source._context.Handle, bytes, _context.Stream),
        "copy another GPU's part of a sum");
}
