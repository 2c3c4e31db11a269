namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Properties that no schema names.</summary>
/// <param name="Names">Their names, as texts of <see cref="PropertyNames.Texts"/>; null for any.</param>
/// <param name="Set">What their values satisfy.</param>
internal sealed record OtherProperties(int? Names, SchemaSet Set);
