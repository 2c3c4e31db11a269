using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>References of a JSON schema that becomes a part of another.</summary>
internal static class SchemaReferences
{
    // Their values are no schemas.
    private static readonly HashSet<string> Values = new(StringComparer.Ordinal) { "enum", "const", "default", "examples" };

    /// <summary>Makes references to <c>#</c> and below it references to <paramref name="place"/> and below it.</summary>
    public static void Move(JsonNode? schema, string place)
    {
        switch (schema)
        {
            case JsonArray schemas:
                foreach (var item in schemas)
                {
                    Move(item, place);
                }

                break;
            case JsonObject members:
                MoveMembers(members, place);
                break;
        }
    }

    private static void MoveMembers(JsonObject members, string place)
    {
        foreach (var (name, value) in members.ToList())
        {
            if (name == "$ref" && value is JsonValue text && text.GetValueKind() == JsonValueKind.String && text.GetValue<string>() is ['#', ..] reference)
            {
                members[name] = place + reference[1..];
            }
            else if (name is "properties" or "$defs" or "definitions" && value is JsonObject named)
            {
                // By names that say nothing, whatever they are.
                foreach (var (_, schema) in named.ToList())
                {
                    Move(schema, place);
                }
            }
            else if (!Values.Contains(name))
            {
                Move(value, place);
            }
        }
    }
}
