using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>
/// One step of a layer, as data: what it computes from its normalised input, and the tensors that it does it with. Devices have an implementation for
/// each kind, and refuse by name those they have none for.
/// </summary>
public abstract record LayerOperator
{
    /// <summary>What messages call it.</summary>
    public abstract string Name { get; }

    /// <summary>All that it multiplies with.</summary>
    public abstract IEnumerable<GgufTensor> Matrices { get; }
}
