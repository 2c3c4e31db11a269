using System.Text.Json.Nodes;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>Schemas of all that the compiler understands, each with a valid value in it to be written out.</summary>
internal static partial class RandomSchemas
{
    private const int MaxDepth = 3;
    private static readonly string[] Names = ["a", "b", "name", "é", "x y", "q\"", "first_name", "id"];
    private static readonly string[] Strings = ["", "a", "Oslo", "é😀", "say \"hi\"\n", "\\", "中文", "\u0001"];

    /// <summary>A value valid by a schema, with properties in the schema's order.</summary>
    public static JsonNode? Valid(JsonNode schema, JsonNode document, Random random, int depth = 0)
    {
        var map = schema.AsObject();
        if (map["$ref"] is { } reference)
        {
            var name = (string)reference!;
            return Valid(name == "#" ? document : document["$defs"]![name["#/$defs/".Length..]]!, document, random, depth + 1);
        }

        if (map["anyOf"] is JsonArray any)
        {
            // The last way is the way out of recursion.
            return Valid(any[depth > 4 ? any.Count - 1 : random.Next(any.Count)]!, document, random, depth);
        }

        if (map["enum"] is JsonArray values)
        {
            return values[random.Next(values.Count)]?.DeepClone();
        }

        if (map.ContainsKey("const"))
        {
            return map["const"]?.DeepClone();
        }

        var type = map["type"] switch { JsonArray types => (string)types[random.Next(types.Count)]!, null => "null", var one => (string)one! };
        return type switch
        {
            "object" => Object(map, document, random, depth),
            "array" => Array(map, document, random, depth),
            "string" => map["pattern"] is not null ? "ab12" : map["format"] is not null ? "2026-11-23" : Text(map, random),
            "integer" => random.Next((int?)map["minimum"] ?? -100, 1 + ((int?)map["maximum"] ?? 100)),
            "number" => random.Next(0, 1000) / 8.0,
            "boolean" => random.Next(2) == 0,
            _ => null,
        };
    }

    /// <summary>A schema.</summary>
    public static JsonObject Document(Random random)
    {
        var root = Any(random, 0);
        root["$defs"] = new JsonObject { ["one"] = Leaf(random), ["tree"] = Tree(random) };
        return root;
    }

    private static JsonObject Tree(Random random) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["v"] = Leaf(random),
            ["kids"] = new JsonObject { ["type"] = "array", ["items"] = Reference("tree"), ["maxItems"] = 2 },
            ["next"] = new JsonObject { ["anyOf"] = new JsonArray(Reference("tree"), new JsonObject { ["type"] = "null" }) },
        },
        ["required"] = new JsonArray("v", "next"),
        ["additionalProperties"] = false,
    };

    private static JsonObject Any(Random random, int depth) => random.Next(depth >= MaxDepth ? 2 : 7) switch
    {
        0 => Leaf(random),
        1 => Reference(random.Next(3) > 0 ? "one" : "tree"),
        2 => new JsonObject { ["anyOf"] = new JsonArray(Any(random, depth + 1), Any(random, depth + 1), Leaf(random)) },
        3 => ArrayOf(random, depth),
        _ => ObjectOf(random, depth),
    };

    private static JsonObject ArrayOf(Random random, int depth)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = Any(random, depth + 1) };
        if (random.Next(2) == 0)
        {
            schema["minItems"] = random.Next(3);
            schema["maxItems"] = 2 + random.Next(3);
        }

        return schema;
    }

    private static JsonObject ObjectOf(Random random, int depth)
    {
        var names = Names.OrderBy(_ => random.Next()).Take(random.Next(5)).ToArray();
        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(names.Select(name => KeyValuePair.Create(name, (JsonNode?)Any(random, depth + 1)))),
            ["required"] = new JsonArray([.. names.Where(_ => random.Next(3) > 0).Select(name => (JsonNode)name)]),
            ["additionalProperties"] = false,
        };
    }

    private static JsonObject Leaf(Random random) => random.Next(11) switch
    {
        0 => new() { ["type"] = "string" },
        1 => new() { ["type"] = "string", ["minLength"] = random.Next(3), ["maxLength"] = 3 + random.Next(8) },
        2 => new() { ["type"] = "string", ["pattern"] = "^[a-z]+[0-9]{2}$" },
        3 => new() { ["type"] = "string", ["format"] = "date" },
        4 => new() { ["type"] = "integer" },
        5 => new() { ["type"] = "integer", ["minimum"] = -random.Next(1000), ["maximum"] = random.Next(1000) },
        6 => new() { ["type"] = "number" },
        7 => new() { ["type"] = new JsonArray("boolean", "null") },
        8 => new() { ["enum"] = new JsonArray([.. Strings.Select(text => (JsonNode)text), 1, true, null]) },
        9 => new() { ["const"] = random.Next(100) },
        _ => new() { ["type"] = "null" },
    };

    private static JsonObject Reference(string name) => new() { ["$ref"] = $"#/$defs/{name}" };

    private static JsonObject Object(JsonObject schema, JsonNode document, Random random, int depth)
    {
        var required = schema["required"]!.AsArray().Select(name => (string)name!).ToHashSet();
        return new JsonObject(schema["properties"]!.AsObject()
            .Where(property => required.Contains(property.Key) || (depth < 4 && random.Next(2) == 0))
            .Select(property => KeyValuePair.Create(property.Key, Valid(property.Value!, document, random, depth + 1))));
    }

    private static JsonArray Array(JsonObject schema, JsonNode document, Random random, int depth)
    {
        var least = (int?)schema["minItems"] ?? 0;
        var most = depth > 4 ? least : (int?)schema["maxItems"] ?? 3;
        return new JsonArray([.. Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => Valid(schema["items"]!, document, random, depth + 1))]);
    }

    private static string Text(JsonObject schema, Random random)
    {
        var least = (int?)schema["minLength"] ?? 0;
        return string.Concat(Enumerable.Repeat("é", least)) + (schema["maxLength"] is null ? Strings[random.Next(Strings.Length)] : "\"");
    }
}
