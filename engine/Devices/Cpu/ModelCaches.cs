using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>What the attentions of a model keep and how they turn: which of them has which pools of keys and values, and which angles.</summary>
internal sealed class ModelCaches
{
    private readonly List<AttentionOperator> _attentions;
    private readonly List<AttentionOperator> _owners; // of keys and values
    private readonly List<RopeSettings> _ropes;
    private readonly List<StateOperator> _keepers;

    public ModelCaches(DecoderGraph graph)
    {
        _attentions = [.. AttentionOperator.Among(graph.Operators)];
        _owners = [.. _attentions.Where(static attention => attention.KeysOf is null)];
        _keepers = [.. graph.Operators.OfType<StateOperator>()];
        _ropes = [.. _attentions.Select(static attention => attention.Rope).OfType<RopeSettings>().Distinct()];
    }

    /// <summary>The heads of each layer with attention.</summary>
    public IReadOnlyList<HeadShape> Heads => [.. _attentions.Select(static attention => attention.Heads)];

    /// <summary>All ways to turn.</summary>
    public IReadOnlyList<RopeSettings> Ropes => _ropes;

    /// <summary>What each keeps of a block, given the bytes of a page of heads of some padded size.</summary>
    public IReadOnlyList<KvLayerPages> Pages(Func<int, int> pageBytes) =>
        [.. _owners.Select(attention => new KvLayerPages(attention.Heads.KvCount, pageBytes(NativeBuffer.RoundUp(attention.Heads.Size, 16))))];

    /// <summary>Floats of each state that layers keep for a sequence.</summary>
    public IReadOnlyList<int> StateFloats => [.. _keepers.Select(static keeper => keeper.StateFloats)];

    /// <summary>Number of an operator's state.</summary>
    public int StateOf(StateOperator keeper) => _keepers.FindIndex(other => ReferenceEquals(other, keeper));

    /// <summary>Number of the pools that an attention sees, its own or another's.</summary>
    public int IndexOf(AttentionOperator attention) => _owners.FindIndex(other => ReferenceEquals(other, attention.KeysOf ?? attention));

    /// <summary>Number of how an attention's heads turn, or -1.</summary>
    public int RopeOf(AttentionOperator attention) => attention.Rope is null ? -1 : _ropes.IndexOf(attention.Rope);
}
