using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Layers;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>Attention of queries that have turned over the cache, and where its parts are joined.</summary>
internal sealed class PagedAttention
{
    private readonly StepTools _tools;
    private readonly KvPool _kv;
    private readonly Dictionary<int, AttentionKernels> _kernels = []; // by values of a head as they lie

    /// <param name="tools">Of the step.</param>
    /// <param name="kv">The cache.</param>
    /// <param name="shapes">Of heads: of their outputs, where these are shorter.</param>
    /// <param name="latent">Whether the cache has latent rows and not keys and values.</param>
    /// <param name="partialRows">Rows of partial attention.</param>
    public PagedAttention(StepTools tools, KvPool kv, IReadOnlyCollection<HeadShape> shapes, bool latent, int partialRows)
    {
        (_tools, _kv) = (tools, kv);
        foreach (var padded in shapes.Select(PaddedOf).Distinct())
        {
            _kernels[padded] = AttentionKernels.Of(tools.Kernels, padded, latent);
        }

        Values = tools.AllocateBytes(4L * partialRows * shapes.Max(static heads => heads.Count * PaddedOf(heads)));
        Sums = tools.AllocateBytes(8L * partialRows * shapes.Max(static heads => heads.Count));
        Counters = tools.AllocateBytes(4L * tools.MaxTokens * shapes.Max(Groups));
    }

    /// <summary>(padded values of a head, heads, rows) of parts.</summary>
    public DeviceBuffer Values { get; }

    /// <summary>(2, heads, rows) of parts.</summary>
    public DeviceBuffer Sums { get; }

    /// <summary>ints (<see cref="Groups"/>, tokens): zeros before and after a launch.</summary>
    public DeviceBuffer Counters { get; }

    /// <summary>Blocks that share a token's heads: a key head's query heads are taken 16 at a time.</summary>
    public static int Groups(HeadShape heads) => heads.KvCount * (((heads.Count / heads.KvCount) + 15) / 16);

    /// <summary>For one token a sequence, with its rotation, its key and its value; null for heads too wide for it.</summary>
    public Kernel? Decode(HeadShape heads) => _kernels[PaddedOf(heads)].Decode;

    /// <summary>Queues an attention.</summary>
    /// <param name="heads">As one of those that were told.</param>
    /// <param name="works">What is looked at.</param>
    /// <param name="queries">Halves (values of a key as they lie, heads, tokens).</param>
    /// <param name="offset">Of the layer in a block.</param>
    /// <param name="output">Halves (stride, tokens): (size, heads).</param>
    /// <param name="stride">Halves from one row of output to the next.</param>
    /// <param name="size">Values of a head of the output.</param>
    /// <param name="sinks">(heads), or null.</param>
    public void Attend(HeadShape heads, AttentionWorks works, CUdeviceptr queries, long offset, CUdeviceptr output, int stride, int size, CUdeviceptr sinks)
    {
        var (kernels, groups, tables) = (_kernels[PaddedOf(heads)], Groups(heads), _tools.Layout.Tables);
        if (works.PartWorkCount > 0)
        {
            kernels.Parts.With(queries).With(_kv.Pointer).With(_kv.BlockBytes).With(offset).With(tables).With(works.PartWorks).With(works.PartWorkCount).With(output).With(stride)
                .With(Values.Pointer).With(Sums.Pointer).With(Counters.Pointer).With(heads.Count).With(heads.KvCount).With(size).With(works.Window).With(sinks)
                .Launch(works.PartWorkCount, groups, 128);
        }

        if (works.WorkCount > 0)
        {
            kernels.Attend.With(queries).With(_kv.Pointer).With(_kv.BlockBytes).With(offset).With(tables).With(works.Works).With(works.WorkCount).With(output).With(stride)
                .With(heads.Count).With(heads.KvCount).With(size).With(works.Window).With(sinks)
                .Launch((works.WorkCount + kernels.WorksOfBlock - 1) / kernels.WorksOfBlock, groups, 128);
        }
    }

    private static int PaddedOf(HeadShape heads) => KvPool.PaddedHead(heads.Size);
}
