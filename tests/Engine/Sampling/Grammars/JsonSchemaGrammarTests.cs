using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Sampling.Grammars;

public sealed class JsonSchemaGrammarTests
{
    private const string Tree =
        """{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["v","next"],"additionalProperties":false}""";

    [Theory]
    [InlineData("""{"type":"string"}""", "\"a\\\"\\\\\\n\\u00e9é😀\\ud83d\\ude00\"", "\"\"")]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"ab\"", "\"éé😀\"", "\"\\ud83d\\ude00\\n\"")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+\\d?$"}""", "\"abc1\"", "\"x\"")]
    [InlineData("""{"type":"string","pattern":"b\""}""", "\"ab\\\"c\"", "\"é\\nb\\\"\"")]
    [InlineData("""{"type":"string","format":"date-time"}""", "\"2024-02-28T23:59:59Z\"", "\"2024-12-31T00:00:00.5+02:00\"")]
    [InlineData("""{"type":"string","format":"uuid"}""", "\"123e4567-e89b-12d3-a456-426614174000\"")]
    [InlineData("""{"type":"string","format":"email"}""", "\"ann.b@example.co.uk\"")]
    [InlineData("""{"type":"string","format":"ipv4"}""", "\"192.168.0.255\"")]
    [InlineData("""{"type":"integer"}""", "0", "-12", "1234567890123456")]
    [InlineData("""{"type":"integer","minimum":-5,"maximum":120}""", "-5", "-1", "0", "9", "99", "120")]
    [InlineData("""{"type":"integer","exclusiveMinimum":0}""", "1", "10", "123456789012345678")]
    [InlineData("""{"type":"integer","minimum":0.5,"exclusiveMaximum":3}""", "1", "2")]
    [InlineData("""{"type":"number"}""", "0", "-0.5", "12.25", "1e9", "-2.5E-3")]
    [InlineData("""{"type":"number","minimum":-1,"maximum":2}""", "-1", "-0.99", "0", "1.999", "2")]
    [InlineData("""{"type":"boolean"}""", "true", "false")]
    [InlineData("""{"type":["string","null"]}""", "null", "\"x\"")]
    [InlineData("""{"enum":["a",1,null,{"k":[true]},"é\"","a"]}""", "\"a\"", "1", "null", "{\"k\":[true]}", "\"é\\\"\"")]
    [InlineData("""{"type":"string","enum":["a",1]}""", "\"a\"")]
    [InlineData("""{"const":3.50}""", "3.50")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3}""", "[1]", "[1, 2,3]", "[\n  1,\n  2\n]")]
    [InlineData("""{"type":"array","maxItems":0}""", "[]", "[ ]")]
    [InlineData("""{"type":"array"}""", "[]", "[1,\"a\",[null]]")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"boolean"},"c":{}},"required":["b"]}""", "{\"b\":true}", "{\"a\": 1, \"b\": false}", "{\"b\":true,\"c\":[{}]}", "{\n\t\"a\": 1,\n\t\"b\": true,\n\t\"c\": null\n}")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}}}""", "{}", "{ }", "{\"a\":1}")]
    [InlineData("""{"type":"object","required":["x"]}""", "{\"x\":[1]}")]
    [InlineData("""{"type":"object","additionalProperties":false}""", "{}")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", "{}", "{\"p\":1,\"q\":2}")]
    [InlineData("""{"properties":{"é\"x":{"const":1}},"required":["é\"x"]}""", "{\"é\\\"x\":1}")]
    [InlineData("""{"anyOf":[{"type":"integer"},{"$ref":"#/$defs/s~1t"}],"$defs":{"s/t":{"const":"y"}}}""", "7", "\"y\"")]
    [InlineData("""{"allOf":[{"$ref":"#/definitions/n"}],"definitions":{"n":{"type":"null"}}}""", "null")]
    [InlineData(Tree, """{"v":1,"next":null}""", """{"v":1,"next":{"v":2,"next":{"v":3,"next":null}}}""")]
    [InlineData("{}", "1", "\"a\"", "{\"a\":[1,2,{\"b\":null}]}", "[]")]
    [InlineData("true", "-1.5e3", "{}")]
    public void A_valid_text_is_allowed(string schema, params string[] texts)
    {
        var grammar = GrammarWalk.Compile(GrammarSource.JsonSchema(schema));
        Assert.All(texts, text => Assert.True(grammar.Accepts(text), text));
    }

    [Theory]
    [InlineData("""{"type":"string"}""", "a", "\"a", "\"\n\"", "\"\\x\"", "\"\\ud83d\"", "\"a\"b", "1", "\"\\u12\"")]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", "\"a\"", "\"abcd\"", "\"\\ud83d\\ude00\"")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+\\d?$"}""", "\"1\"", "\"A\"", "\"a12\"")]
    [InlineData("""{"type":"string","format":"date-time"}""", "\"2024-02-30T23:59:59Z\"", "\"2024-02-28 23:59:59Z\"", "\"2024-02-28T24:00:00Z\"")]
    [InlineData("""{"type":"integer"}""", "01", "1.0", "-", "+1", "1e3", "12345678901234567")]
    [InlineData("""{"type":"integer","minimum":-5,"maximum":120}""", "-6", "-0", "121", "200", "1000", "-10")]
    [InlineData("""{"type":"number","multipleOf":1,"enum":[3,3.5]}""", "3.5", "4")]
    [InlineData("""{"type":"number","minimum":-1,"maximum":2}""", "-1.5", "2.1", "3", "1e1")]
    [InlineData("""{"type":"number"}""", ".5", "1.", "1e", "1e100", "00", "0x1", "NaN")]
    [InlineData("""{"enum":["a",1]}""", "\"b\"", "2", "a")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3}""", "[]", "[1,2,3,4]", "[1,]", "[,1]", "[\"a\"]", "[1 2]")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"boolean"}},"required":["b"]}""", "{}", "{\"a\":1}", "{\"b\":true,}", "{,\"b\":true}", "{\"b\":true,\"z\":1}", "{\"b\":1}", "{\"b\":true \"a\":1}")]
    [InlineData("""{"type":"object","additionalProperties":false}""", "{\"a\":1}")]
    [InlineData(Tree, """{"v":1}""", """{"v":1,"next":{}}""")]
    [InlineData("{}", "", " 1", "1 ", "[1,,2]", "{a:1}", "nul")]
    public void An_invalid_text_is_refused(string schema, params string[] texts)
    {
        var grammar = GrammarWalk.Compile(GrammarSource.JsonSchema(schema));
        Assert.All(texts, text => Assert.False(grammar.Accepts(text), text));
    }

    [Theory]
    [InlineData("""{"type":"array","uniqueItems":true}""", "#/uniqueItems: cannot be enforced")]
    [InlineData("""{"properties":{"a":{"not":{"minLength":1}}}}""", "#/properties/a/not: cannot be enforced")]
    [InlineData("""{"type":"object","dependentRequired":{"a":["b"]}}""", "#/dependentRequired: cannot be enforced")]
    [InlineData("""{"if":{"type":"null"},"then":{"const":1}}""", "#/if: cannot be enforced")]
    [InlineData("""{"type":"array","contains":{"const":1}}""", "#/contains: cannot be enforced")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number"}]}""", "#/oneOf: its schemas may hold at once")]
    [InlineData("""{"oneOf":[]}""", "#/oneOf: is an array of one schema or more")]
    [InlineData("""{"type":"integer","minimum":3,"maximum":2}""", "#: no integer lies between")]
    [InlineData("""{"type":"integer","multipleOf":7,"minimum":8,"maximum":13}""", "#: no integer lies between")]
    [InlineData("""{"type":"integer","multipleOf":0}""", "#/multipleOf: is a number above 0")]
    [InlineData("""{"type":"integer","minimum":"a"}""", "#/minimum: is a number")]
    [InlineData("""{"type":"string","format":"stock-code"}""", "#/format: \"stock-code\" is not supported; understood are base64")]
    [InlineData("""{"type":"string","pattern":"(?<=a)"}""", "#/pattern: regex at 0: looking behind")]
    [InlineData("""{"type":"string","pattern":"^a$","minLength":3}""", "#: no text has the lengths")]
    [InlineData("""{"type":"string","minLength":-1}""", "#/minLength: is a whole number from 0")]
    [InlineData("""{"type":"string","minLength":3,"maxLength":2}""", "#/maxLength: is less than minLength")]
    [InlineData("""{"type":"array","minItems":100000}""", "#/minItems: is a whole number from 0 to 10000")]
    [InlineData("""{"type":"thing"}""", "#/type: is one or several of")]
    [InlineData("""{"type":"object","required":["a"],"additionalProperties":false}""", "#/required: \"a\" is not among the properties")]
    [InlineData("""{"allOf":[{"type":"null"},{"type":"string"}]}""", "no type is allowed by all")]
    [InlineData("""{"$ref":"#/$defs/a"}""", "#/$ref: \"#/$defs/a\" is not in the schema")]
    [InlineData("""{"$ref":"https://example.com/s"}""", "is not in the schema")]
    [InlineData("""{"$ref":"#"}""", "leads back to itself")]
    [InlineData("""{"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}}""", "leads back to itself")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "no finite text")]
    [InlineData("""{"type":"string","enum":[1]}""", "#/enum: has no value of type string")]
    [InlineData("""{"not":{}}""", "#: the schema allows nothing")]
    [InlineData("false", "#: the schema false allows nothing")]
    [InlineData("[]", "#: a schema is an object")]
    [InlineData("{", "#: the schema is not JSON")]
    public void What_is_not_understood_is_named(string schema, string message)
    {
        var fault = Assert.Throws<GrammarException>(() => GrammarWalk.Compile(GrammarSource.JsonSchema(schema)));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_no_text()
    {
        foreach (var schema in new[] { "{\"enum\":[\"\\ud800\"]}", "{\"\\udc00\":1}", "{\"enum\":[\"\ud800\"]}" })
        {
            Assert.Contains("#: the schema is not JSON", Assert.Throws<GrammarException>(() => GrammarWalk.Compile(GrammarSource.JsonSchema(schema))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Of_several_properties_of_one_name_the_last_counts() =>
        Assert.True(GrammarWalk.Compile(GrammarSource.JsonSchema("""{"properties":{"a":{"type":"null"},"a":{"type":"boolean"}},"required":["a"]}""")).Accepts("{\"a\":true}"));

    [Fact]
    public void Whitespace_comes_to_an_end()
    {
        var state = GrammarWalk.Compile(GrammarSource.JsonObject()).Start();
        Assert.True(Take(state, "{"));
        Assert.True(Take(state, "\n"));
        var spaces = 0;
        while (Take(state, " "))
        {
            spaces++;
        }

        Assert.Equal(20, spaces);
        Assert.True(Take(state, "}"));
        Assert.True(state.IsComplete);
    }

    private static bool Take(GrammarState state, string token) =>
        state.Advance(Assert.Single(GrammarWalk.Tiny.Tokenizer.Encode(token, parseSpecial: false)));
}
