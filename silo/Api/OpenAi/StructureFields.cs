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
        var found = new List<(GrammarSource Source, string Path)>();
        if (Format(body) is { } format)
        {
            found.Add(format);
        }

        if (body.Object("structured_outputs") is { } outputs)
        {
            var before = found.Count;
            Add(found, outputs, "json", "regex", "choice");
            RefuseOthers(outputs);
            if (found.Count == before)
            {
                throw ApiException.InvalidValue("structured_outputs", "'structured_outputs' takes one of json, regex and choice.");
            }
        }

        Add(found, body, "guided_json", "guided_regex", "guided_choice");
        return found.Count > 1 ? throw ApiException.InvalidValue(found[1].Path, $"'{found[0].Path}' and '{found[1].Path}' exclude each other.")
            : found.Count == 1 ? new AskedStructure(found[0].Source, found[0].Path)
            : null;
    }

    private static void Add(List<(GrammarSource Source, string Path)> found, RequestFields fields, string json, string regex, string choice)
    {
        if (fields.Any(json) is { } schema)
        {
            found.Add((Json(schema), fields.Path(json)));
        }

        if (fields.Any(regex) is not null)
        {
            found.Add((Regex(fields, regex), fields.Path(regex)));
        }

        if (fields.Any(choice) is not null)
        {
            found.Add((Choice(fields, choice), fields.Path(choice)));
        }
    }

    /// <summary>Refuses members that ask for something else.</summary>
    private static void RefuseOthers(RequestFields outputs)
    {
        // What is false asks for nothing, and no other grammar is fallen back to.
        foreach (var name in (ReadOnlySpan<string>)["json_object", "disable_any_whitespace", "disable_additional_properties"])
        {
            if (outputs.Flag(name) ?? false)
            {
                throw ApiException.Unsupported(outputs.Path(name), $"This server does not do what '{outputs.Path(name)}' asks for; say it in a schema as 'json'.");
            }
        }

        outputs.Flag("disable_fallback");
        outputs.RefuseUnread("json, regex, choice");
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

    private static GrammarSource Json(JsonElement schema) =>
        GrammarSource.JsonSchema(schema.ValueKind == JsonValueKind.String ? schema.GetString()! : schema.GetRawText(), isStrict: false);

    private static GrammarSource Regex(RequestFields fields, string name) =>
        GrammarSource.Regex(fields.Text(name) ?? throw ApiException.Missing(fields.Path(name)));

    private static GrammarSource Choice(RequestFields fields, string name)
    {
        var choices = fields.Any(name) ?? throw ApiException.Missing(fields.Path(name));
        return choices.ValueKind != JsonValueKind.Array || choices.EnumerateArray().Any(static choice => choice.ValueKind != JsonValueKind.String)
            ? throw ApiException.InvalidType(fields.Path(name), "an array of texts", choices.ValueKind == JsonValueKind.Array ? "one with something else in it" : RequestFields.Kind(choices))
            : choices.GetArrayLength() == 0
            ? throw ApiException.InvalidValue(fields.Path(name), $"'{fields.Path(name)}' has no text; it takes one or more.")
            : GrammarSource.Choice(choices.EnumerateArray().Select(static choice => choice.GetString()!));
    }
}
