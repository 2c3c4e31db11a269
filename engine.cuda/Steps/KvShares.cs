using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>What layers look at: the blocks of a group, as far back as they see.</summary>
/// <param name="Group">Of the blocks that their keys and values lie in.</param>
/// <param name="Reach">How far they see, perhaps less far than what the group keeps.</param>
internal readonly record struct KvView(int Group, KvReach Reach);

/// <summary>In which group's blocks each attention of a model keeps its keys and values, where in them, and how far it sees.</summary>
internal sealed class KvShares
{
    private readonly int[] _viewOf;

    /// <param name="graph">Its attentions have heads of one shape.</param>
    public KvShares(DecoderGraph graph)
    {
        KvReach[] reaches = [.. graph.Operators.OfType<AttentionOperator>().Select(static attention => new KvReach(attention.Window, attention.ChunkLength))];
        var bytes = KvPool.LayerBytesOf(graph.Config);
        Partition = KvPartition.Of([.. reaches.Select(reach => (reach, bytes))]);
        KvView[] views = [.. reaches.Select((reach, attention) => new KvView(Partition.GroupOf[attention], reach))];
        Views = [.. views.Distinct().OrderBy(static view => view.Group)];
        _viewOf = [.. views.Select(view => Views.ToList().IndexOf(view))];
    }

    /// <summary>Groups of attentions.</summary>
    public KvPartition Partition { get; }

    /// <summary>All that attentions look at; those that see equally far are neighbours.</summary>
    public IReadOnlyList<KvView> Views { get; }

    /// <summary>Number of what an attention looks at.</summary>
    public int ViewOf(int attention) => _viewOf[attention];
}
