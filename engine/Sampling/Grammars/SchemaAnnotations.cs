using System.Buffers;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Leaves the annotations out of a schema: texts for whoever reads it, which may be most of it, say nothing about what is valid, and need not go to
/// a device with each answer. Schemas that differ in nothing else share a grammar then.
/// </summary>
public static class SchemaAnnotations
{
    private static readonly string[] Names = ["title", "description", "default", "examples", "$comment"];

    /// <summary>Keywords whose value is a schema, or an array of them.</summary>
    private static readonly string[] Schemas =
    [
        "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "items", "prefixItems", "additionalItems", "contains", "unevaluatedItems",
        "additionalProperties", "unevaluatedProperties", "propertyNames",
    ];

    /// <summary>Keywords whose value is an object of schemas by names that are anybody's.</summary>
    private static readonly string[] Maps = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

    /// <summary>A schema without them; as it is where a reference may lead into one.</summary>
    public static JsonElement Strip(JsonElement schema)
    {
        if (RefersToOne(schema))
        {
            return schema;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            Schema(json, schema);
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>The same of a source; others than schemas have none.</summary>
    /// <exception cref="GrammarException">Its schema is not JSON.</exception>
    public static GrammarSource Strip(GrammarSource source)
    {
        if (source.Kind is not (GrammarKind.JsonSchema or GrammarKind.LenientJsonSchema))
        {
            return source;
        }

        using var schema = JsonSchemaCompiler.Parse(source.Text);
        return GrammarSource.Of(source.Kind, Strip(schema.RootElement).GetRawText()) with { Before = source.Before, After = source.After };
    }

    private static void Schema(Utf8JsonWriter json, JsonElement schema)
    {
        switch (schema.ValueKind)
        {
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var part in schema.EnumerateArray())
                {
                    Schema(json, part);
                }

                json.WriteEndArray();
                break;
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in schema.EnumerateObject().Where(static member => !Names.Contains(member.Name)))
                {
                    json.WritePropertyName(member.Name);
                    Value(json, member);
                }

                json.WriteEndObject();
                break;
            default:
                schema.WriteTo(json);
                break;
        }
    }

    private static void Value(Utf8JsonWriter json, JsonProperty member)
    {
        if (Schemas.Contains(member.Name))
        {
            Schema(json, member.Value);
        }
        else if (Maps.Contains(member.Name) && member.Value.ValueKind == JsonValueKind.Object)
        {
            json.WriteStartObject();
            foreach (var named in member.Value.EnumerateObject())
            {
                json.WritePropertyName(named.Name);
                Schema(json, named.Value);
            }

            json.WriteEndObject();
        }
        else
        {
            member.Value.WriteTo(json);
        }
    }

    private static bool RefersToOne(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().Any(RefersToOne),
        JsonValueKind.Object => value.EnumerateObject().Any(static member => member.NameEquals("$ref") && IsIntoOne(member.Value) || RefersToOne(member.Value)),
        _ => false,
    };

    /// <summary>Whether a pointer has the name of an annotation in it, or may have it by an escape or an anchor.</summary>
    private static bool IsIntoOne(JsonElement reference)
    {
        if (reference.ValueKind != JsonValueKind.String || reference.GetString() is not { } text)
        {
            return false;
        }

        var fragment = text.IndexOf("#/", StringComparison.Ordinal);
        return text.Contains('%', StringComparison.Ordinal) || (fragment < 0 ? text != "#" : text[fragment..].Split('/').Any(Names.Contains));
    }
}
