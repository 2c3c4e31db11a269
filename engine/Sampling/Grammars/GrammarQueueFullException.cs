namespace Crescent.Engine.Sampling.Grammars;

/// <summary>So many of a tenant's sources wait to be compiled that another one may not.</summary>
public sealed class GrammarQueueFullException(int waiting)
    : Exception($"{waiting} structures wait to be compiled, as many as may of one tenant.");
