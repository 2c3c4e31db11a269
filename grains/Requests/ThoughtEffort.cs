using System.Text.Json.Nodes;
using Crescent.Grains.Models;

namespace Crescent.Grains.Requests;

/// <summary>How much a model is to think before it answers, said to its chat template.</summary>
public static class ThoughtEffort
{
    /// <summary>OpenAI's names of efforts.</summary>
    public static IReadOnlyList<string> Names { get; } = ["none", "minimal", "low", "medium", "high", "xhigh"];

    /// <summary>Sets the effort in the variable that the template reads; false where it reads none.</summary>
    public static bool TrySet(ServedModel model, Dictionary<string, JsonNode?> variables, string effort)
    {
        if (Source(model).Contains("reasoning_effort", StringComparison.Ordinal))
        {
            variables.TryAdd("reasoning_effort", effort);
            return true;
        }

        return TrySetThinking(model, variables, effort != "none");
    }

    /// <summary>Sets whether the model thinks; false where its template does not read that.</summary>
    public static bool TrySetThinking(ServedModel model, Dictionary<string, JsonNode?> variables, bool thinks)
    {
        if (!Source(model).Contains("enable_thinking", StringComparison.Ordinal))
        {
            return false;
        }

        variables.TryAdd("enable_thinking", thinks);
        return true;
    }

    private static string Source(ServedModel model) => model.Model.ChatPrompt?.Template.Source ?? "";
}
