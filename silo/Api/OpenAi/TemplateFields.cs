using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The fields that a chat template reads: vLLM's <c>chat_template_kwargs</c>, and those that models have a name of their own for.</summary>
internal static class TemplateFields
{
    /// <summary>Whether the prompt ends where the answer begins, whether the answer goes on with the last message, and the variables of the template.</summary>
    /// <exception cref="ApiException">One is wrong, or the model's template does not read it.</exception>
    public static (bool AddsGenerationPrompt, bool ContinuesLast, IReadOnlyDictionary<string, JsonNode?> Variables) Read(RequestFields body, ServedModel model)
    {
        var variables = Variables(body);
        ReadEffort(body, model, variables);
        var adds = body.Flag("add_generation_prompt");
        var continues = Continues(body);
        return continues && adds == true
            ? throw ApiException.InvalidValue("add_generation_prompt", "'add_generation_prompt' begins a new answer and 'continue_final_message' goes on with one; leave one of them out.")
            : (adds ?? true, continues, variables);
    }

    /// <summary>The variables that a request names.</summary>
    /// <exception cref="ApiException">They are none.</exception>
    internal static Dictionary<string, JsonNode?> Variables(RequestFields body)
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

        return variables;
    }

    /// <summary>Whether the answer is to go on with the last message: by vLLM's field, or by <c>prefix</c> or <c>partial</c> of that message.</summary>
    private static bool Continues(RequestFields body)
    {
        var asked = body.Flag("continue_final_message") ?? false;
        if (body.Any("messages") is not { ValueKind: JsonValueKind.Array } messages || messages.GetArrayLength() == 0
            || messages[messages.GetArrayLength() - 1] is not { ValueKind: JsonValueKind.Object } last)
        {
            return false;
        }

        var fields = new RequestFields(last, $"messages[{messages.GetArrayLength() - 1}]");
        var (prefix, partial) = (fields.Flag("prefix") ?? false, fields.Flag("partial") ?? false);
        if (!asked && !prefix && !partial)
        {
            return false;
        }

        var name = asked ? "continue_final_message" : fields.Path(prefix ? "prefix" : "partial");
        return fields.Text("role") == "assistant" && fields.Any("tool_calls") is null
            ? true
            : throw ApiException.InvalidValue(name, $"'{name}' goes with a last message of the assistant that calls no tools; here the last one is '{fields.Path("role")}': '{fields.Text("role")}'.");
    }

    private static void ReadEffort(RequestFields body, ServedModel model, Dictionary<string, JsonNode?> variables)
    {
        if (body.Text("reasoning_effort") is not { } effort)
        {
            return;
        }

        if (!ThoughtEffort.Names.Contains(effort))
        {
            throw ApiException.InvalidValue("reasoning_effort", $"'reasoning_effort' is '{effort}'; it takes {string.Join(", ", ThoughtEffort.Names)}.");
        }

        if (!ThoughtEffort.TrySet(model, variables, effort) && effort != "none")
        {
            throw ApiException.Unsupported("reasoning_effort", $"Model '{model.Id}' does not reason by effort, as its chat template tells; leave 'reasoning_effort' out.");
        }
    }
}
