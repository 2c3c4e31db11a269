using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Sampling;

/// <summary>What an output has to look like.</summary>
/// <param name="Source">The grammar.</param>
/// <param name="Trigger">
/// Text, or the name of a control token, behind which the grammar sets in each time the model writes it; before it and after the
/// grammar's end the output is free. Null: the whole output follows the grammar.
/// </param>
public sealed record OutputStructure(GrammarSource Source, string? Trigger = null);
