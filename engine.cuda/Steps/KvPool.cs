using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// Keys and values in blocks of 16 positions, as halves. A block is one piece of memory: (layer; keys, then values; kv head; slot; padded head), so that it is
/// copied at once.
/// </summary>
internal sealed class KvPool
{
    /// <summary>Positions in a block.</summary>
    public const int Slots = 16;

    private readonly GpuContext _context;
    private readonly DeviceBuffer _memory;

    /// <param name="context">The GPU's.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="config">Shape.</param>
    /// <param name="blocks">Blocks.</param>
    public KvPool(GpuContext context, DeviceMemory memory, ModelConfig config, int blocks)
    {
        _context = context;
        Padded = PaddedHead(config);
        LayerBytes = LayerBytesOf(config);
        BlockBytes = BlockBytesOf(config);
        Blocks = blocks;
        _memory = memory.Allocate(BlockBytes * (blocks + 1L), "keys and values");
    }

    /// <summary>Blocks.</summary>
    public int Blocks { get; }

    /// <summary>A block behind those of <see cref="Blocks"/>, for tokens that are there to fill a batch up.</summary>
    public int Spare => Blocks;

    /// <summary>Bytes of a block over all layers.</summary>
    public long BlockBytes { get; }

    /// <summary>Values of a head as they lie: a multiple of 64.</summary>
    public int Padded { get; }

    /// <summary>First byte of block 0.</summary>
    public CUdeviceptr Pointer => _memory.Pointer;

    private long LayerBytes { get; }

    /// <summary>Values of a head as they lie for a model.</summary>
    public static int PaddedHead(ModelConfig config) => (config.HeadSize + 63) / 64 * 64;

    /// <summary>Bytes of a block for a model.</summary>
    public static long BlockBytesOf(ModelConfig config) => LayerBytesOf(config) * config.LayerCount;

    /// <summary>Where a layer begins in a block.</summary>
    public long LayerOffset(int layer) => layer * LayerBytes;

    /// <summary>Queues a copy.</summary>
    public void Copy(in KvCopy copy)
    {
        var block = _memory.At(copy.Block * BlockBytes);
        _context.Check(
            copy.Kind switch
            {
                KvCopyKind.ToHost => DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(copy.Host, block, BlockBytes, _context.Stream),
                KvCopyKind.FromHost => DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(block, copy.Host, BlockBytes, _context.Stream),
                _ => DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoDAsync_v2(block, _memory.At(copy.Source * BlockBytes), BlockBytes, _context.Stream),
            },
            "copy a KV block");
    }

    private static long LayerBytesOf(ModelConfig config) => 2L * config.KvHeadCount * Slots * PaddedHead(config) * 2;
}
