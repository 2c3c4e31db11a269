using System.Text.Json;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Sampling.Grammars;

public sealed class SchemaAnnotationsTests
{
    [Theory]
    [InlineData("""{"title":"T","type":"object","description":"d","properties":{"title":{"type":"string","title":"x","examples":["a"]},"description":{"default":1}},"required":["title"]}""", """{"type":"object","properties":{"title":{"type":"string"},"description":{}},"required":["title"]}""")]
    [InlineData("""{"$defs":{"default":{"type":"integer","$comment":"c"}},"anyOf":[{"$ref":"#/$defs/x","description":"d"},true]}""", """{"$defs":{"default":{"type":"integer"}},"anyOf":[{"$ref":"#/$defs/x"},true]}""")]
    [InlineData("""{"enum":[{"title":"kept"},"a"],"const":{"description":1}}""", """{"enum":[{"title":"kept"},"a"],"const":{"description":1}}""")]
    [InlineData("""{"items":[{"title":"x"},{"not":{"description":"d","type":"null"}}],"additionalProperties":{"title":"y"},"patternProperties":{"title":{"title":"z"}}}""", """{"items":[{},{"not":{"type":"null"}}],"additionalProperties":{},"patternProperties":{"title":{}}}""")]
    [InlineData("""{"x-own":{"title":"kept"},"dependencies":{"a":["title"],"b":{"title":"gone"}},"minimum":1.50}""", """{"x-own":{"title":"kept"},"dependencies":{"a":["title"],"b":{}},"minimum":1.50}""")]
    [InlineData("""{"$ref":"#/examples/0","examples":[{"type":"null"}],"title":"t"}""", """{"$ref":"#/examples/0","examples":[{"type":"null"}],"title":"t"}""")]
    [InlineData("""{"$ref":"#/%64efault","default":{"type":"null"}}""", """{"$ref":"#/%64efault","default":{"type":"null"}}""")]
    [InlineData("true", "true")]
    public void What_says_nothing_of_what_is_valid_is_left_out(string schema, string stripped)
    {
        using var document = JsonDocument.Parse(schema);
        Assert.Equal(stripped, SchemaAnnotations.Strip(document.RootElement).GetRawText());
    }

    [Fact]
    public void What_is_no_schema_stays_as_it_is()
    {
        var source = GrammarSource.Regex("title") with { Before = "a" };
        Assert.Same(source, SchemaAnnotations.Strip(source));
        var schema = GrammarSource.JsonSchema("""{"title":"t"}""", isStrict: false) with { Before = "a", After = "b" };
        Assert.Equal(GrammarSource.JsonSchema("{}", isStrict: false) with { Before = "a", After = "b" }, SchemaAnnotations.Strip(schema));
    }
}
