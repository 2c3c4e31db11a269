using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>Schemas in the forms in which generators of schemas write them.</summary>
public sealed class SchemaFormsTests
{
    private const string Shapes =
        """{"oneOf":[{"$ref":"#/$defs/Circle"},{"$ref":"#/$defs/Box"}],"discriminator":{"propertyName":"kind"},"$defs":{"Circle":{"type":"object","properties":{"kind":{"const":"circle","default":"circle"},"r":{"type":"number","exclusiveMinimum":0}},"required":["kind","r"]},"Box":{"type":"object","properties":{"kind":{"const":"box"},"w":{"type":"number"}},"required":["kind","w"]}}}""";

    private const string Email =
        """{"type":"string","format":"email","pattern":"^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-\\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$","maxLength":20}""";

    [Theory]
    [InlineData("""{"type":"number","exclusiveMinimum":0}""", "0.0000000000000001|1|12.5", "0|-1|0.0")]
    [InlineData("""{"type":"number","minimum":0,"maximum":0.5}""", "0|0.5|0.25|0.50|0.4999", "0.51|1|-0.1")]
    [InlineData("""{"type":"number","minimum":-1.25,"exclusiveMaximum":2.5}""", "-1.25|-1.2|-0.5|0|2.49|2.4999999|2", "-1.26|-2|2.5|2.50|3")]
    [InlineData("""{"type":"number","minimum":1,"exclusiveMinimum":true}""", "1.1", "1|0")]
    [InlineData("""{"type":"number","maximum":1.7976931348623157e308}""", "1.5|999999999999999999", "1e9")]
    [InlineData("""{"type":"integer","multipleOf":5}""", "0|5|-10|1234567890", "1|7|-12")]
    [InlineData("""{"type":"integer","multipleOf":86400,"minimum":1}""", "86400|172800", "0|86401")]
    [InlineData("""{"type":"integer","multipleOf":1048576,"minimum":1099511627776}""", "1099511627776", "1099511627777")]
    [InlineData("""{"type":"number","multipleOf":0.01,"minimum":0}""", "0|0.01|3.5|12.34|12.3", "0.005|-1")]
    [InlineData("""{"type":"integer","multipleOf":1.5}""", "0|3|-6", "1|2|4")]
    [InlineData("""{"allOf":[{"type":"integer","multipleOf":4},{"multipleOf":6,"minimum":1}]}""", "12|24", "4|6|0")]
    [InlineData("""{"type":"integer","minimum":-9007199254740991,"maximum":9007199254740991}""", "9007199254740991|-9007199254740991|0", "9007199254740992")]
    public void Numbers_keep_to_bounds_and_steps(string schema, string allowed, string refused) => Check(schema, allowed.Split('|'), refused.Split('|'));

    [Theory]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$","minLength":2,"maxLength":3}""", "\"ab\"|\"abc\"", "\"a\"|\"abcd\"|\"A\"")]
    [InlineData("""{"type":"string","pattern":"b","minLength":3}""", "\"abc\"|\"bé\\n\"", "\"b\"|\"aaa\"")]
    [InlineData("""{"type":"string","format":"date","pattern":"^2026-"}""", "\"2026-02-28\"", "\"2025-02-28\"|\"2026-02-30\"")]
    [InlineData("""{"allOf":[{"type":"string","pattern":"^a"},{"pattern":"z$"},{"maxLength":3}]}""", "\"az\"|\"abz\"", "\"a\"|\"abcz\"|\"bz\"")]
    [InlineData(Email, "\"ann.b@example.com\"", "\".ann@example.com\"|\"a..n@example.com\"|\"ann.berta@example.com\"|\"ann\"")]
    [InlineData("""{"type":"string","format":"time","pattern":"^(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d+)?)?$"}""", "\"10:11:12\"", "\"10:11:12Z\"")]
    [InlineData("""{"type":"string","format":"uri"}""", "\"https://example.com/a?b=c\"|\"postgres://db\"", "\"example\"|\"a b\"")]
    [InlineData("""{"type":"string","pattern":"^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$"}""", "\"12.5\"|\"-0.5\"|\"7.\"", "\"\"|\"-\"|\".\"|\"1.2.3\"|\"a\"")]
    [InlineData("""{"type":"string","pattern":"^(?!^[-+.]*$)[+-]?0*(?:\\d{0,3}|(?=[\\d.]{1,6}0*$)\\d{0,3}\\.\\d{0,2}0*$)"}""", "\"123\"|\"12.50\"", "\"+\"|\".\"")]
    [InlineData("""{"type":"string","format":"binary"}""", "\"anything\"", "1")]
    [InlineData("""{"type":"string","enum":["ab","abc","d"],"minLength":2,"pattern":"^a"}""", "\"ab\"|\"abc\"", "\"d\"")]
    public void Strings_satisfy_pattern_format_and_lengths_together(string schema, string allowed, string refused) => Check(schema, allowed.Split('|'), refused.Split('|'));

    [Theory]
    [InlineData("""{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"minItems":2,"maxItems":2}""", "[\"a\",1]", "[\"a\"]|[1,\"a\"]|[\"a\",1,2]")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":false}""", "[\"a\", 1]", "[\"a\",1,2]|[]")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"string"}],"items":{"type":"integer"}}""", "[\"a\"]|[\"a\",1,2]", "[\"a\",\"b\"]|[1]")]
    [InlineData("""{"type":"array","items":[{"type":"string"}],"additionalItems":{"type":"null"},"minItems":0}""", "[]|[\"a\",null]", "[null]")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":3,"maxItems":4}""", "[1,2,3]|[1,2,3,4]", "[1,2]|[1,2,3,4,5]")]
    [InlineData("""{"type":"array","uniqueItems":true,"maxItems":1}""", "[]|[1]", "[1,2]")]
    public void Tuples_and_items_have_schemas_of_their_own(string schema, string allowed, string refused) => Check(schema, allowed.Split('|'), refused.Split('|'));

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":{"type":"boolean"}}""", """{"a":1}|{"a":1,"b":true,"c":false}|{"a":1,"aa":true}""", """{"a":1,"b":2}|{"b":true}|{"a":1,"a":true}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"boolean"}}""", """{}|{"b":true}|{"a":1}|{"":true}""", """{"a":true}|{,"b":true}""")]
    [InlineData("""{"type":"object","patternProperties":{"^x-":{"type":"integer"}},"additionalProperties":false}""", """{}|{"x-a":1,"x-":2}""", """{"a":1}|{"x-a":"b"}""")]
    [InlineData("""{"type":"object","patternProperties":{"^n":{"type":"integer"}},"additionalProperties":{"type":"string"}}""", """{"na":1,"b":"c"}""", """{"na":"b"}|{"b":1}""")]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^[a-z]{2}$"},"additionalProperties":{"type":"integer"}}""", """{"ab":1}""", """{"a":1}|{"ab":"c"}""")]
    [InlineData("""{"type":"object","propertyNames":{"enum":["x","y"]},"additionalProperties":{"type":"integer"},"required":["x"]}""", """{"x":1}|{"x":1,"y":2}""", """{"y":1}|{"z":1}|{"x":1,"x":2}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"},"minProperties":1,"maxProperties":2}""", """{"a":1}|{"a":1,"b":2}""", """{}|{"a":1,"b":2,"c":3}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"},"b":false},"unevaluatedProperties":false}""", """{}|{"a":null}""", """{"b":1}|{"c":1}""")]
    public void Properties_beside_those_named_have_a_schema_too(string schema, string allowed, string refused) => Check(schema, allowed.Split('|'), refused.Split('|'));

    [Theory]
    [InlineData(Shapes, """{"kind":"circle","r":1.5}|{"kind":"box","w":0}""", """{"kind":"circle","w":1}|{"kind":"circle","r":0}|{"kind":"disc","r":1}""")]
    [InlineData("""{"oneOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}""", "\"a\"|1|null", "1.5|true")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"anyOf":[{"properties":{"b":{"const":1}},"required":["b"]},{"properties":{"c":{"const":2}},"required":["c"]}]}""", """{"a":5,"b":1}|{"a":5,"c":2}""", """{"a":5}|{"b":1}""")]
    [InlineData("""{"allOf":[{"$ref":"#/$defs/Base"},{"type":"object","properties":{"b":{"type":"integer"}},"required":["b"]}],"$defs":{"Base":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}}}""", """{"a":"x","b":1}""", """{"a":"x"}|{"b":1}""")]
    [InlineData("""{"allOf":[{"properties":{"n":{"minimum":3}}},{"properties":{"n":{"type":"integer","maximum":4}},"required":["n"]}]}""", """{"n":3}|{"n":4}""", """{"n":2}|{"n":5}|{}""")]
    [InlineData("""{"$ref":"#/$defs/a","description":"with a sibling","maxLength":2,"$defs":{"a":{"type":"string"}}}""", "\"ab\"", "\"abc\"")]
    [InlineData("""{"$ref":"#leaf","$defs":{"x":{"$anchor":"leaf","type":"null"}}}""", "null", "1")]
    [InlineData("""{"$id":"https://example.com/s","$ref":"https://example.com/s#/$defs/x","$defs":{"x":{"type":"null"}}}""", "null", "1")]
    [InlineData("""{"type":["integer","string"],"not":{"type":"integer"}}""", "\"a\"", "1")]
    [InlineData("""{"enum":["a","b",3],"not":{"const":"b"}}""", "\"a\"|3", "\"b\"")]
    [InlineData("""{"type":"integer","x-unit":"d","markdownDescription":"m","minimum":1,"maximum":9,"nullable":true}""", "5", "0|null")]
    [InlineData("""{"$defs":{"Node":{"type":"object","properties":{"v":{"type":"integer"},"kids":{"type":"array","items":{"allOf":[{"$ref":"#/$defs/Node"}],"description":"d"}}},"required":["v","kids"]}},"$ref":"#/$defs/Node"}""", """{"v":1,"kids":[]}|{"v":1,"kids":[{"v":2,"kids":[]}]}""", """{"v":1}|{"v":1,"kids":[1]}""")]
    public void Schemas_hold_together(string schema, string allowed, string refused) => Check(schema, allowed.Split('|'), refused.Split('|'));

    [Theory]
    [InlineData("""{"type":"object","properties":{"tags":{"type":"array","items":{"enum":["a","b"]},"uniqueItems":true},"n":{"type":"integer","maximum":3}},"required":["tags","n"],"additionalProperties":false}""", """{"tags":["a","a"],"n":3}""", """{"tags":["c"],"n":3}|{"tags":[],"n":4}""", "#/properties/tags/uniqueItems")]
    [InlineData("""{"type":"string","format":"stock-code","maxLength":3}""", "\"abc\"", "\"abcd\"", "#/format")]
    [InlineData("""{"type":"string","pattern":"(?<!a)b","maxLength":3}""", "\"abc\"", "\"abcd\"", "#/pattern")]
    [InlineData("""{"oneOf":[{"type":"integer"},{"type":"number","minimum":5}]}""", "3|5.5", "\"a\"|4.5", "#/oneOf")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"https://example.com/s"}},"required":["a"]}""", """{"a":1}""", "{}", "#/properties/a/$ref")]
    [InlineData("""{"type":"integer","if":{"minimum":3},"then":{"multipleOf":2},"minimum":1}""", "1|5", "0", "#/if")]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^k[0-9]$"},"additionalProperties":{"type":"integer"},"minProperties":2}""", """{"k1":1,"k2":2}""", """{"k1":1}|{"a":1,"b":2}""", "#/minProperties")]
    [InlineData("""{"type":"object","minProperties":2,"maxProperties":3}""", """{"a":1,"b":2}""", """{"a":1}|{"a":1,"b":2,"c":3,"d":4}""", "#/minProperties")]
    public void What_is_not_strict_keeps_what_can_be_enforced_and_says_what_cannot(string schema, string allowed, string refused, string unenforced)
    {
        var grammar = GrammarWalk.Compile(GrammarSource.JsonSchema(schema, isStrict: false));
        Assert.All(allowed.Split('|'), text => Assert.True(grammar.Accepts(text), text));
        Assert.All(refused.Split('|'), text => Assert.False(grammar.Accepts(text), text));
        Assert.Equal([unenforced], grammar.Unenforced);
        Assert.Throws<GrammarException>(() => GrammarWalk.Compile(GrammarSource.JsonSchema(schema)));
    }

    private static void Check(string schema, string[] allowed, string[] refused)
    {
        var grammar = GrammarWalk.Compile(GrammarSource.JsonSchema(schema));
        Assert.All(allowed, text => Assert.True(grammar.Accepts(text), text));
        Assert.All(refused, text => Assert.False(grammar.Accepts(text), text));
        Assert.Empty(grammar.Unenforced);
    }
}
