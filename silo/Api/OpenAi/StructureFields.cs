using System.Text.Json;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>
/// The fields that say what an answer has to look like: OpenAI's <c>response_format</c> (text, json_object, json_schema), and as
/// extensions its types <c>regex</c> and <c>choice</c>, and vLLM's <c>structured_outputs</c>, <c>guided_regex</c>,
/// <c>guided_choice</c> and <c>guided_json</c>.
/// </summary>
internal static class StructureFields
{
    /// <summary>What is asked for, or null for free text.</summary>
    /// <exception cref="ApiException">It is malformed.</exception>
    public static AskedStructure? Read(RequestFields body)
    {
        var found = new[] { Format(body), Outputs(body), Guided(body) }.Where(static source => source is not null).ToList();
        if (found.Count > 1)
        {
            throw ApiException.InvalidValue(found[1]!.Value.Path, $"'{found[0]!.Value.Path}' and '{found[1]!.Value.Path}' exclude each other.");
        }

        return found.Count == 0 ? null : new AskedStructure(found[0]!.Value.Source, found[0]!.Value.Path);
    }

    private static (GrammarSource Source, string Path)? Format(RequestFields body)
    {
        if (body.Object("response_format") is not { } format)
        {
            return null;
        }

        switch (format.Text("type") ?? throw ApiException.Missing("response_format.type"))
        {
            case "text":
                return null;
            case "json_object":
                return (GrammarSource.JsonObject(), "response_format");
            case "json_schema":
                var outer = format.Object("json_schema") ?? throw ApiException.Missing("response_format.json_schema");
                var schema = outer.Any("schema") ?? throw ApiException.Missing("response_format.json_schema.schema");
                return (GrammarSource.JsonSchema(schema.GetRawText(), outer.Flag("strict") ?? false), "response_format.json_schema.schema");
            case "regex":
                return (Regex(format, "regex"), "response_format.regex");
            case "choice":
                return (Choice(format, "choice"), "response_format.choice");
            case var other:
                throw ApiException.InvalidValue(
                    "response_format.type", $"'response_format.type' is '{other}'; it takes text, json_object, json_schema, regex or choice.");
        }
    }

    private static (GrammarSource Source, string Path)? Outputs(RequestFields body)
    {
        if (body.Object("structured_outputs") is not { } outputs)
        {
            return null;
        }

        return outputs.Any("json") is { } json ? (Json(json), "structured_outputs.json")
            : outputs.Any("regex") is not null ? (Regex(outputs, "regex"), "structured_outputs.regex")
            : outputs.Any("choice") is not null ? (Choice(outputs, "choice"), "structured_outputs.choice")
            : throw ApiException.InvalidValue("structured_outputs", "'structured_outputs' takes one of json, regex and choice.");
    }

    private static (GrammarSource Source, string Path)? Guided(RequestFields body) =>
        body.Any("guided_json") is { } json ? (Json(json), "guided_json")
        : body.Any("guided_regex") is not null ? (Regex(body, "guided_regex"), "guided_regex")
        : body.Any("guided_choice") is not null ? (Choice(body, "guided_choice"), "guided_choice")
        : null;

    private static GrammarSource Json(JsonElement schema) =>
        GrammarSource.JsonSchema(schema.ValueKind == JsonValueKind.String ? schema.GetString()! : schema.GetRawText(), isStrict: false);

    private static GrammarSource Regex(RequestFields fields, string name) =>
        GrammarSource.Regex(fields.Text(name) ?? throw ApiException.Missing(fields.Path(name)));

    private static GrammarSource Choice(RequestFields fields, string name)
    {
        var choices = fields.Any(name) ?? throw ApiException.Missing(fields.Path(name));
        return choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0
            && choices.EnumerateArray().All(static choice => choice.ValueKind == JsonValueKind.String)
            ? GrammarSource.Choice(choices.EnumerateArray().Select(static choice => choice.GetString()!))
            : throw ApiException.InvalidType(fields.Path(name), "an array of texts, one at least", RequestFields.Kind(choices));
    }
}
