namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A search for the tokens that may come next in one sequence, done in pieces.</summary>
internal interface IMaskSearch
{
    /// <summary>Nobody wants what it finds any more.</summary>
    bool IsAbandoned { get; }

    /// <summary>Goes on with it.</summary>
    /// <param name="budget">Work that may be done here, about 25 ns a piece; what is done is taken from it.</param>
    /// <returns>False when the budget was used up before the end.</returns>
    bool TryPrepareMask(ref long budget);
}
