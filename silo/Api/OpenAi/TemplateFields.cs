using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Models;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The fields that a chat template reads: vLLM's <c>chat_template_kwargs</c>, and those that models have a name of their own for.</summary>
internal static class TemplateFields
{
    private static readonly string[] Efforts = ["none", "minimal", "low", "medium", "high", "xhigh"];

    /// <summary>Whether the prompt ends where the answer begins, and the variables of the template.</summary>
    /// <exception cref="ApiException">One is wrong, or the model's template does not read it.</exception>
    public static (bool AddsGenerationPrompt, IReadOnlyDictionary<string, JsonNode?> Variables) Read(RequestFields body, ServedModel model)
    {
        var variables = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        if (body.Any("chat_template_kwargs") is { } given)
        {
            if (given.ValueKind != JsonValueKind.Object)
            {
                throw ApiException.InvalidType("chat_template_kwargs", "an object", RequestFields.Kind(given));
            }

            foreach (var variable in given.EnumerateObject())
            {
                variables[variable.Name] = variable.Value.ValueKind == JsonValueKind.Null ? null : JsonNode.Parse(variable.Value.GetRawText());
            }
        }

        ReadEffort(body, model, variables);
        return (body.Flag("add_generation_prompt") ?? true, variables);
    }

    private static void ReadEffort(RequestFields body, ServedModel model, Dictionary<string, JsonNode?> variables)
    {
        if (body.Text("reasoning_effort") is not { } effort)
        {
            return;
        }

        if (!Efforts.Contains(effort))
        {
            throw ApiException.InvalidValue("reasoning_effort", $"'reasoning_effort' is '{effort}'; it takes {string.Join(", ", Efforts)}.");
        }

        var source = model.Model.ChatPrompt?.Template.Source ?? "";
        if (source.Contains("reasoning_effort", StringComparison.Ordinal))
        {
            variables.TryAdd("reasoning_effort", effort);
        }
        else if (source.Contains("enable_thinking", StringComparison.Ordinal))
        {
            variables.TryAdd("enable_thinking", effort != "none");
        }
        else if (effort != "none")
        {
            throw ApiException.Unsupported("reasoning_effort", $"Model '{model.Id}' does not reason by effort, as its chat template tells; leave 'reasoning_effort' out.");
        }
    }
}
