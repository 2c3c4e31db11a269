using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Layers;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// Keys and values in blocks of 16 positions, as halves. A block is one piece of memory: (layer of its group; keys, then values; kv head; slot; padded head), so
/// that it is copied at once. Layers of latent attention have one row for all heads, of keys and values in one.
/// </summary>
internal sealed class KvPool
{
    /// <summary>Positions in a block.</summary>
    public const int Slots = 16;

    /// <summary>Values of a head, at most.</summary>
    public const int MostHead = 512;

    /// <summary>Values of a latent row that do not turn, at most: a row is so many, then <see cref="LatentTurning"/>.</summary>
    public const int LatentValue = 512;

    /// <summary>Values of a latent row that turn, at most.</summary>
    public const int LatentTurning = 64;

    private readonly GpuContext _context;
    private readonly DeviceMemory _owner;
    private DeviceBuffer? _memory;
    private readonly KvPartition _partition;

    /// <param name="context">The GPU's.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="partition">Which layers share a block.</param>
    public KvPool(GpuContext context, DeviceMemory memory, KvPartition partition)
    {
        _context = context;
        _partition = partition;
        _owner = memory;
    }

    /// <summary>Blocks.</summary>
    public int Blocks { get; private set; }

    /// <summary>A block behind those of <see cref="Blocks"/>, for tokens that are there to fill a batch up.</summary>
    public int Spare => Blocks;

    /// <summary>Bytes of a block, of all layers of a group.</summary>
    public long BlockBytes => _partition.BlockBytes;

    /// <summary>First byte of block 0.</summary>
    public CUdeviceptr Pointer => _memory!.Pointer;

    /// <summary>Values of a head of so many as they lie: 64, 128, 256 or <see cref="MostHead"/>.</summary>
    public static int PaddedHead(int size) => size <= 64 ? 64 : size <= 128 ? 128 : size <= 256 ? 256 : MostHead;

    /// <summary>Bytes of a layer of latent attention in a block: (slot; latent row).</summary>
    public const long LatentLayerBytes = 2L * Slots * (LatentValue + LatentTurning);

    /// <summary>Bytes of any other layer, with such heads, in a block.</summary>
    public static long LayerBytesOf(HeadShape heads) => 2L * heads.KvCount * Slots * PaddedHead(heads.Size) * 2;

    /// <summary>Where a layer, of those with keys and values of their own, begins in a block of its group.</summary>
    public long LayerOffset(int layer) => _partition.OffsetOf[layer];

    /// <summary>Takes the memory, which is what all else leaves: once, before any other use.</summary>
    /// <param name="blocks">Blocks.</param>
    public void Allocate(int blocks)
    {
        _memory = _owner.Allocate(BlockBytes * (blocks + 1L), "keys and values");
        Blocks = blocks;
    }

    /// <summary>Queues a copy in a stream.</summary>
    public void Copy(in KvCopy copy, CUstream stream)
    {
        var block = _memory!.At(copy.Block * BlockBytes);
        _context.Check(
            copy.Kind switch
            {
                KvCopyKind.ToHost => DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(copy.Host, block, BlockBytes, stream),
                KvCopyKind.FromHost => DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(block, copy.Host, BlockBytes, stream),
                _ => DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(block, _memory!.At(copy.Source * BlockBytes), BlockBytes, stream),
            },
            "copy a KV block");
    }
}
