namespace Crescent.Engine.Scheduling;

/// <summary>The energy of one step, shared out by tokens.</summary>
/// <param name="Joules">Of the whole step.</param>
/// <param name="Tokens">New tokens of the whole step.</param>
internal readonly record struct StepEnergy(double Joules, int Tokens)
{
    /// <summary>Joules of a sequence that had <paramref name="tokens"/> of them.</summary>
    public double Share(int tokens) => Joules * tokens / Tokens;
}
