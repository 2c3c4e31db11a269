using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>What an answer is to look like, as a request says it.</summary>
/// <param name="Source">The grammar.</param>
/// <param name="Path">The field that says so.</param>
/// <param name="Unenforced">What of it is not enforced: the field, and the place and keyword in the schema.</param>
internal sealed record AskedStructure(GrammarSource Source, string Path, IReadOnlyList<string> Unenforced);
