namespace Crescent.Silo.Api.Wire;

/// <summary>OpenAI's list of models.</summary>
/// <param name="Object"><c>list</c>.</param>
/// <param name="Data">The models.</param>
public sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);
