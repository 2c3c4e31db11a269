namespace Crescent.Grains.Placement;

/// <summary>
/// The end of a chain of block hashes. A later prompt whose chain has the same hash there begins with the very same tokens, under the same
/// salt, for the same model and in blocks of the same size.
/// </summary>
/// <param name="Blocks">Full blocks up to it, at least 1.</param>
/// <param name="Hash">The hash of the last of them.</param>
[GenerateSerializer, Immutable, Alias("Crescent.PromptMark")]
public readonly record struct PromptMark([property: Id(0)] int Blocks, [property: Id(1)] UInt128 Hash);
