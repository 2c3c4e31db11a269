namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Code points <paramref name="First"/> to <paramref name="Last"/>, both included; empty when the last is below the first.</summary>
internal readonly record struct CodePointRange(int First, int Last);
