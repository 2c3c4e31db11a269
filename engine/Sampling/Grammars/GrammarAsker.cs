namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Who asks for a grammar.</summary>
/// <param name="Tenant">Whose turn it takes among the sources that wait.</param>
/// <param name="IsTaken">
/// Whether its request was found good and taken elsewhere: it waits however many there are, and compiling may take
/// <see cref="GrammarLimits.TakenTime"/> times as long, since a silo that is busier must not refuse what another has promised.
/// </param>
public readonly record struct GrammarAsker(string Tenant, bool IsTaken = false);
