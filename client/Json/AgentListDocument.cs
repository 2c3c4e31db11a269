using Crescent.Grains.Contracts.Agents;

namespace Crescent.Client.Json;

/// <summary>Agent tasks, the newest first.</summary>
/// <param name="Object"><c>list</c>.</param>
/// <param name="Data">The tasks.</param>
internal sealed record AgentListDocument(string Object, IReadOnlyList<AgentListing> Data);
