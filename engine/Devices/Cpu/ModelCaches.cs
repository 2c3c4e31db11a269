using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>What the attentions of a model keep and how they turn: which of them has which pools of keys and values, in blocks of which group, and which angles.</summary>
internal sealed class ModelCaches
{
    private readonly List<AttentionOperator> _attentions;
    private readonly List<AttentionOperator> _owners; // of keys and values
    private readonly List<RopeSettings> _ropes;
    private readonly List<StateOperator> _keepers;

    /// <param name="graph">The model.</param>
    /// <param name="pageBytes">Bytes of a page of a head of some padded size.</param>
    public ModelCaches(DecoderGraph graph, Func<int, int> pageBytes)
    {
        _attentions = [.. AttentionOperator.Among(graph.Operators)];
        _owners = [.. _attentions.Where(static attention => attention.KeysOf is null)];
        _keepers = [.. graph.Operators.OfType<StateOperator>()];
        _ropes = [.. _attentions.Select(static attention => attention.Rope).OfType<RopeSettings>().Distinct()];
        Pages = [.. _owners.Select(attention => new KvLayerPages(attention.Heads.KvCount, pageBytes(NativeBuffer.RoundUp(attention.Heads.Size, 16))))];
        Partition = KvPartition.Of([.. _owners.Select((owner, i) => (ReachOf(owner), Pages[i].BlockBytes))]);
    }

    /// <summary>Which of those with keys and values of their own keep them in blocks of which group, and where.</summary>
    public KvPartition Partition { get; }

    /// <summary>The heads of each layer with attention.</summary>
    public IReadOnlyList<HeadShape> Heads => [.. _attentions.Select(static attention => attention.Heads)];

    /// <summary>All ways to turn.</summary>
    public IReadOnlyList<RopeSettings> Ropes => _ropes;

    /// <summary>What each of those with keys and values of their own keeps of a block.</summary>
    public IReadOnlyList<KvLayerPages> Pages { get; }

    /// <summary>Floats of each state that layers keep for a sequence.</summary>
    public IReadOnlyList<int> StateFloats => [.. _keepers.Select(static keeper => keeper.StateFloats)];

    /// <summary>Number of an operator's state.</summary>
    public int StateOf(StateOperator keeper) => _keepers.FindIndex(other => ReferenceEquals(other, keeper));

    /// <summary>Number of the pools that an attention sees, its own or another's.</summary>
    public int IndexOf(AttentionOperator attention) => _owners.FindIndex(other => ReferenceEquals(other, attention.KeysOf ?? attention));

    /// <summary>The group of layers in whose blocks the keys and values lie that an attention sees.</summary>
    public int GroupOf(AttentionOperator attention) => Partition.GroupOf[IndexOf(attention)];

    /// <summary>Number of how an attention's heads turn, or -1.</summary>
    public int RopeOf(AttentionOperator attention) => attention.Rope is null ? -1 : _ropes.IndexOf(attention.Rope);

    /// <summary>How far those see that see the keys and values of <paramref name="owner"/>: as far as the one of them that sees furthest.</summary>
    private KvReach ReachOf(AttentionOperator owner)
    {
        KvReach[] reaches = [.. _attentions.Where(other => ReferenceEquals(other.KeysOf ?? other, owner)).Select(static other => new KvReach(other.Window, other.ChunkLength)).Distinct()];
        return reaches.Length == 1 ? reaches[0]
            : reaches.All(static reach => reach.Window > 0) ? reaches.MaxBy(static reach => reach.Window)
            : default;
    }
}
