using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Grains.Requests;

/// <summary>What an answer is to look like, as a request says it.</summary>
/// <param name="Source">The grammar.</param>
/// <param name="Path">The field that says so.</param>
public sealed record AskedStructure(GrammarSource Source, string Path);
