using System.Text.Json.Nodes;

namespace Crescent.Client.Connections;

/// <summary>A task to begin.</summary>
/// <param name="Body">What it is to do, in the fields of <c>POST /v1/agents</c>.</param>
/// <param name="Key">Names it for its caller: sent again, it is the same task. Null for one that is always new.</param>
internal sealed record AgentSubmission(JsonObject Body, string? Key = null);
