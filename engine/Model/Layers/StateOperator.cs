namespace Crescent.Engine.Model.Layers;

/// <summary>An operator that keeps a state of one size for a sequence, whatever its length, instead of keys and values of each position.</summary>
public abstract record StateOperator : LayerOperator
{
    /// <summary>Floats of the state of a sequence.</summary>
    public abstract int StateFloats { get; }
}
