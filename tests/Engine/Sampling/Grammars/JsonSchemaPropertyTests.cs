using System.Text.Encodings.Web;
using System.Text.Json;
using Crescent.Engine.Sampling.Grammars;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling.Grammars;

public sealed class JsonSchemaPropertyTests
{
    private static readonly JsonSerializerOptions[] Styles =
    [
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping },
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true },
    ];

    [Fact]
    public void Whatever_is_written_parses_and_is_valid() => Gen.Select(RandomSchemas.Schema, Gen.Int, Gen.Int[0, 60]).Sample((schema, seed, free) =>
    {
        var grammar = GrammarWalk.Compile(GrammarSource.JsonSchema(schema.ToJsonString()));
        var text = GrammarWalk.Random(grammar, seed, free);
        using var value = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 200 });
        Assert.True(SchemaValidator.IsValid(value.RootElement, schema, schema), text);
    }, iter: 500);

    [Fact]
    public void Whatever_is_written_is_valid_by_all_that_holds_at_once() => Gen.Select(RandomCombinations.Schema, Gen.Int, Gen.Int[0, 60]).Sample((schema, seed, free) =>
    {
        Grammar grammar;
        try
        {
            grammar = GrammarWalk.Compile(GrammarSource.JsonSchema(schema.ToJsonString(), isStrict: false));
        }
        catch (GrammarException e) when (!e.IsLimit)
        {
            // Nothing satisfies it.
            return;
        }

        if (grammar.Unenforced.Count == 0)
        {
            var text = GrammarWalk.Random(grammar, seed, free);
            using var value = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 200 });
            Assert.True(SchemaValidator.IsValid(value.RootElement, schema, schema), $"{text} by {schema.ToJsonString()}");
        }
    }, iter: 1000);

    [Fact]
    public void A_valid_value_can_be_written_compact_and_indented() => Gen.Select(RandomSchemas.Schema, Gen.Int).Sample((schema, seed) =>
    {
        var value = RandomSchemas.Valid(schema, schema, new Random(seed));
        using var document = JsonDocument.Parse(value?.ToJsonString() ?? "null");
        Assert.True(SchemaValidator.IsValid(document.RootElement, schema, schema));
        var grammar = GrammarWalk.Compile(GrammarSource.JsonSchema(schema.ToJsonString()));
        foreach (var style in Styles)
        {
            // The writer escapes what lies beyond the first plane, and given values are written as they are.
            var text = (value?.ToJsonString(style) ?? "null").Replace(@"\uD83D\uDE00", "😀", StringComparison.Ordinal);
            Assert.True(grammar.Accepts(text), $"{text} by {schema.ToJsonString()}");
        }
    }, iter: 500);

    [Fact]
    public void Any_object_parses_whatever_is_written() => Gen.Select(Gen.Int, Gen.Int[0, 300]).Sample((seed, free) =>
    {
        var text = GrammarWalk.Random(AnyObject, seed, free);
        using var value = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 200 });
        Assert.Equal(JsonValueKind.Object, value.RootElement.ValueKind);
    }, iter: 200);

    private static Grammar AnyObject { get; } = GrammarWalk.Compile(GrammarSource.JsonObject());
}
