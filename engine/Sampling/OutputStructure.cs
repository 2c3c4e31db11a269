using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Sampling;

/// <summary>What an output has to look like.</summary>
/// <param name="Source">The grammar.</param>
/// <param name="Trigger">
/// Text, or the name of a control token, behind which the grammar sets in each time the model writes it; before it and after the
/// grammar's end the output is free. Null: the whole output follows the grammar.
/// </param>
/// <param name="Once">Whether the output ends with the grammar where a trigger has set it in, so that it follows once at most.</param>
public sealed record OutputStructure(GrammarSource Source, string? Trigger = null, bool Once = false);
