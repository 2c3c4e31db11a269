namespace Crescent.Engine.Model.Layers;

/// <summary>Multiplies the scores of a query at position p by 1 + scale * ln(1 + floor((p + offset) / length)), which is 1 in the first positions.</summary>
/// <param name="Length">Positions of a step.</param>
/// <param name="Scale">What a step's logarithm is multiplied by.</param>
/// <param name="Offset">Added to the position: 1 or 0.</param>
public sealed record AttentionTemperature(int Length, float Scale, int Offset)
{
    /// <summary>The factor at <paramref name="position"/>.</summary>
    public float At(int position) => (float)(1 + (Scale * Math.Log(1 + ((position + Offset) / Length))));
}
