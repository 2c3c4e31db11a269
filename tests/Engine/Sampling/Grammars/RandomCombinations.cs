using System.Text.Json.Nodes;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>Schemas in which several things hold at once, some of which no value satisfies.</summary>
internal static class RandomCombinations
{
    private const int MaxDepth = 3;
    private static readonly string[] Names = ["a", "b", "x-a", "né", "q\""];
    private static readonly string[] Expressions = ["^[a-c]+$", "b", "^.{2,5}$", "^(?!b)[a-e]*$", "é|^$", "[^a]$"];
    private static readonly string[] Steps = ["1", "3", "0.5", "0.25", "7", "10"];

    public static Gen<JsonObject> Schema { get; } = Gen.Int.Select(seed =>
    {
        var random = new Random(seed);
        var root = Any(random, 0);
        root["$defs"] = new JsonObject
        {
            ["one"] = Leaf(random),
            ["tree"] = JsonNode.Parse("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"anyOf":[{"$ref":"#/$defs/tree"},{"type":"null"}]}},"required":["b"]}"""),
        };
        return root;
    });

    private static JsonObject Any(Random random, int depth)
    {
        var schema = random.Next(depth >= MaxDepth ? 2 : 7) switch
        {
            0 => Leaf(random),
            1 => new JsonObject { ["$ref"] = random.Next(3) > 0 ? "#/$defs/one" : "#/$defs/tree" },
            2 => ArrayOf(random, depth),
            3 => new JsonObject { ["anyOf"] = new JsonArray(Any(random, depth + 1), Any(random, depth + 1)) },
            4 => new JsonObject { ["oneOf"] = new JsonArray(Kind("k", 1, random, depth), Kind("k", 2, random, depth)) },
            _ => ObjectOf(random, depth),
        };
        if (depth < MaxDepth && random.Next(4) == 0)
        {
            schema["allOf"] = new JsonArray([.. Enumerable.Range(0, 1 + random.Next(2)).Select(_ => (JsonNode)(random.Next(2) == 0 ? Leaf(random) : ObjectOf(random, depth + 1)))]);
        }

        return schema;
    }

    private static JsonObject Kind(string name, int kind, Random random, int depth)
    {
        var schema = ObjectOf(random, depth);
        schema["properties"]!.AsObject()[name] = new JsonObject { ["const"] = kind };
        schema["required"]!.AsArray().Add(name);
        return schema;
    }

    private static JsonObject ArrayOf(Random random, int depth)
    {
        var schema = new JsonObject { ["type"] = "array" };
        if (random.Next(2) == 0)
        {
            schema["prefixItems"] = new JsonArray([.. Enumerable.Range(0, 1 + random.Next(2)).Select(_ => (JsonNode)Any(random, depth + 1))]);
        }

        schema["items"] = random.Next(3) == 0 ? JsonValue.Create(false) : Any(random, depth + 1);
        if (random.Next(2) == 0)
        {
            schema["maxItems"] = random.Next(4);
        }

        return schema;
    }

    private static JsonObject ObjectOf(Random random, int depth)
    {
        var names = Names.OrderBy(_ => random.Next()).Take(random.Next(3)).ToArray();
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(names.Select(name => KeyValuePair.Create(name, (JsonNode?)Any(random, depth + 1)))),
            ["required"] = new JsonArray([.. names.Where(_ => random.Next(3) == 0).Select(name => (JsonNode)name)]),
        };
        if (random.Next(2) == 0)
        {
            schema["additionalProperties"] = random.Next(3) == 0 ? JsonValue.Create(false) : Leaf(random);
        }

        if (random.Next(3) == 0)
        {
            schema["patternProperties"] = new JsonObject { ["^x-"] = Leaf(random), [Expressions[random.Next(Expressions.Length)]] = Leaf(random) };
        }

        return schema;
    }

    private static JsonObject Leaf(Random random) => random.Next(6) switch
    {
        0 => new() { ["type"] = "string", ["pattern"] = Expressions[random.Next(Expressions.Length)], ["minLength"] = random.Next(3), ["maxLength"] = 3 + random.Next(3) },
        1 => new() { ["type"] = "number", ["minimum"] = JsonNode.Parse($"{random.Next(-9, 9)}.{random.Next(100)}"), ["exclusiveMaximum"] = JsonNode.Parse($"{random.Next(-9, 99)}.{random.Next(1000)}") },
        2 => new() { ["type"] = "integer", ["multipleOf"] = JsonNode.Parse(Steps[random.Next(Steps.Length)]), ["maximum"] = random.Next(100, 1000) },
        3 => new() { ["type"] = "number", ["multipleOf"] = JsonNode.Parse(Steps[random.Next(Steps.Length)]), ["exclusiveMinimum"] = JsonNode.Parse($"-{random.Next(200)}.5") },
        4 => new() { ["enum"] = new JsonArray("ab", "b", 3, 3.5, null, true), ["maxLength"] = random.Next(3), ["minimum"] = 3.2 },
        _ => new() { ["type"] = new JsonArray("string", "null", "integer"), ["pattern"] = Expressions[random.Next(Expressions.Length)], ["exclusiveMinimum"] = -3 },
    };
}
