using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>Calls of tools: what they may have as arguments.</summary>
public sealed class ToolCallGrammarTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("true")]
    [InlineData("""{"type":["object","string"]}""")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"object"}]}""")]
    [InlineData("""{"enum":["a",{"a":1},null]}""")]
    [InlineData("""{"description":"whatever"}""")]
    [InlineData("""{"minimum":3,"type":["object","number"]}""")]
    [InlineData("""{"minimum":3}""")]
    [InlineData("""{"$ref":"#/$defs/x","$defs":{"x":{"minLength":1,"type":["string","object"]}}}""")]
    public void Arguments_are_an_object_whether_the_schema_says_so_or_not(string schema)
    {
        foreach (var isStrict in new[] { true, false })
        {
            var grammar = GrammarWalk.Compile(Tool(schema, isStrict));
            Assert.Empty(grammar.Unenforced);
            Assert.True(grammar.Accepts("""{"name":"f","arguments":{"a":1}}"""), schema);
            foreach (var argument in new[] { "\"a\"", "1", "5", "null", "true", "[]" })
            {
                Assert.False(grammar.Accepts($$"""{"name":"f","arguments":{{argument}}}"""), argument);
            }
        }
    }

    [Theory]
    [InlineData("""{"type":"string"}""")]
    [InlineData("""{"type":["integer","null"]}""")]
    [InlineData("""{"const":"a"}""")]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"array"}]}""")]
    [InlineData("false")]
    public void A_schema_that_allows_no_object_is_refused_where_it_is_strict_and_told_elsewhere(string schema)
    {
        var fault = Assert.Throws<GrammarException>(() => GrammarWalk.Compile(Tool(schema, isStrict: true)));
        Assert.Equal("tools[0]", fault.Place);
        var grammar = GrammarWalk.Compile(Tool(schema, isStrict: false));
        Assert.Equal(["tools[0]"], grammar.Unenforced);
        Assert.True(grammar.Accepts("""{"name":"f","arguments":{"a":1}}"""));
        Assert.False(grammar.Accepts("""{"name":"f","arguments":"a"}"""));
    }

    [Fact]
    public void A_schema_that_speaks_of_itself_goes_on_to_do_so()
    {
        var grammar = GrammarWalk.Compile(Tool("""{"properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]},"n":{"type":"integer"}},"required":["n","next"],"additionalProperties":false}""", isStrict: true));
        Assert.True(grammar.Accepts("""{"name":"f","arguments":{"next":{"next":null,"n":1},"n":2}}"""));
        Assert.False(grammar.Accepts("""{"name":"f","arguments":{"next":{"next":null},"n":2}}"""));
    }

    [Theory]
    [InlineData(true, "tools[0]")]
    [InlineData(false, "#")]
    public void Where_the_time_is_over_only_a_strict_tool_is_at_fault_by_itself(bool isStrict, string place)
    {
        var limits = new GrammarLimits { CompileTime = TimeSpan.FromSeconds(20) };
        var source = Tool("""{"type":"object","properties":{"a":{"type":"string","pattern":"^([a-z]{9000}){9}$"}},"required":["a"]}""", isStrict);
        var fault = Assert.Throws<GrammarException>(() => Grammar.Compile(
            source, GrammarWalk.Tiny, limits, new GrammarMemory(limits.StoreBytes, limits.AllStoresBytes), new CompileMeter(limits, new TickingTime())));
        Assert.True(fault.IsTimeLimit, fault.Message);
        Assert.Equal(place, fault.Place);
    }

    private static GrammarSource Tool(string schema, bool isStrict) =>
        GrammarSource.ToolCall(new ToolSource { Key = "arguments", Tools = [new ToolSource.Tool("f", "tools[0]", schema, isStrict)] });
}
