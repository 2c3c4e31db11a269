using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>What layers look at: the blocks of a group, as far back as they see, and in which company.</summary>
/// <param name="Group">Of the blocks that their keys and values lie in.</param>
/// <param name="Reach">How far they see, perhaps less far than what the group keeps.</param>
/// <param name="Sharers">Query heads that share a key head.</param>
internal readonly record struct KvView(int Group, KvReach Reach, int Sharers);

/// <summary>In which group's blocks each attention of a model finds its keys and values, its own or another's, where in them, and how far it sees.</summary>
internal sealed class KvShares
{
    private readonly int[] _ownerOf;
    private readonly int[] _viewOf;

    /// <param name="graph">A model that <see cref="ModelFit"/> has let through: all its attentions are latent, or none is.</param>
    public KvShares(DecoderGraph graph)
    {
        AttentionOperator[] attentions = [.. AttentionOperator.Among(graph.Operators)];
        IsLatent = graph.Operators.Any(static step => step is LatentAttentionOperator);
        List<AttentionOperator> owners = [.. attentions.Where(static attention => attention.KeysOf is null)];
        _ownerOf = [.. attentions.Select(attention => owners.FindIndex(owner => ReferenceEquals(owner, attention.KeysOf ?? attention)))];
        Partition = KvPartition.Of([.. owners.Select(owner => (AttentionWeights.ReachOf(owner), IsLatent ? KvPool.LatentLayerBytes : KvPool.LayerBytesOf(owner.Heads)))]);
        KvView[] views = [.. attentions.Select((attention, i) => new KvView(Partition.GroupOf[_ownerOf[i]], AttentionWeights.ReachOf(attention), attention.Heads.Count / attention.Heads.KvCount))];
        Views = [.. views.Distinct().OrderByDescending(static view => view.Reach.Most).ThenBy(static view => view.Reach.Window).ThenBy(static view => view.Group)];
        _viewOf = [.. views.Select(view => Views.ToList().IndexOf(view))];
    }

    /// <summary>Whether blocks have latent rows, of which all heads are made: those of all GPUs of a device have the same.</summary>
    public bool IsLatent { get; }

    /// <summary>Groups of attentions with keys and values of their own.</summary>
    public KvPartition Partition { get; }

    /// <summary>All that attentions look at; those that see equally far are neighbours.</summary>
    public IReadOnlyList<KvView> Views { get; }

    /// <summary>Number of what an attention looks at.</summary>
    public int ViewOf(int attention) => _viewOf[attention];

    /// <summary>Number of the attention whose keys and values an attention sees, among those that have some.</summary>
    public int OwnerOf(int attention) => _ownerOf[attention];
}
