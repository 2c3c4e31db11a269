using System.Text.Json.Nodes;

namespace Crescent.Grains.Requests;

/// <summary>The tools that an answer may or must call.</summary>
/// <param name="Described">All tools, as OpenAI describes them, for the chat template.</param>
/// <param name="Functions">Those that may be called.</param>
/// <param name="Must">Whether one must be.</param>
/// <param name="Parallel">Whether several may be.</param>
public sealed record ToolUse(JsonArray Described, IReadOnlyList<ToolFunction> Functions, bool Must = false, bool Parallel = true);
