using System.Text.Json;

namespace Crescent.Grains.Requests;

/// <summary>A function that may be called.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">The JSON schema of its arguments; null where nothing is said of them.</param>
/// <param name="Path">Where that stands in the request.</param>
/// <param name="IsStrict">Whether all of it must be enforced.</param>
public sealed record ToolFunction(string Name, JsonElement? Parameters, string Path, bool IsStrict);
