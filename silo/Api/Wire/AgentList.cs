using Crescent.Grains.Contracts.Agents;

namespace Crescent.Silo.Api.Wire;

/// <summary>Agent tasks, the newest first.</summary>
internal sealed record AgentList(string Object, IReadOnlyList<AgentListing> Data);
