namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A property that a schema names.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Set">What its value satisfies.</param>
/// <param name="IsRequired">Whether it must be there.</param>
internal sealed record DeclaredProperty(string Name, SchemaSet Set, bool IsRequired);
