using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>What layers look at: the blocks of a group, as far back as they see.</summary>
/// <param name="Group">Of the blocks that their keys and values lie in.</param>
/// <param name="Reach">How far they see, perhaps less far than what the group keeps.</param>
internal readonly record struct KvView(int Group, KvReach Reach);

/// <summary>In which group's blocks each layer keeps its keys and values, where in them, and how far it sees.</summary>
internal sealed class KvShares
{
    private readonly int[] _viewOf;

    /// <param name="model">Its layers, which keep equally much.</param>
    /// <param name="config">Shape.</param>
    public KvShares(PlainModel model, ModelConfig config)
    {
        KvReach[] reaches = [.. model.Layers.Select(static layer => new KvReach(layer.Attention.Window))];
        var bytes = KvPool.LayerBytesOf(config);
        Partition = KvPartition.Of([.. reaches.Select(reach => (reach, bytes))]);
        KvView[] views = [.. reaches.Select((reach, layer) => new KvView(Partition.GroupOf[layer], reach))];
        Views = [.. views.Distinct().OrderBy(static view => view.Group)];
        _viewOf = [.. views.Select(view => Views.ToList().IndexOf(view))];
    }

    /// <summary>Groups of layers.</summary>
    public KvPartition Partition { get; }

    /// <summary>All that layers look at; those that see equally far are neighbours.</summary>
    public IReadOnlyList<KvView> Views { get; }

    /// <summary>Number of what a layer looks at.</summary>
    public int ViewOf(int layer) => _viewOf[layer];
}
