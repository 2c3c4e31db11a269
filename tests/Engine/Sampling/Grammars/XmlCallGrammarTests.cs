using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>Calls of tools whose arguments are elements.</summary>
public sealed class XmlCallGrammarTests
{
    private const string Schema = """
        {"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"},"unit":{"enum":["C","F"]},"tags":{"type":"array","items":{"type":"string"}}},"required":["city","unit"]}
        """;

    [Theory]
    [InlineData(true, "<parameter=city>\nBern\n</parameter>\n<parameter=unit>\nC\n</parameter>\n")]
    [InlineData(true, "<parameter=city>\na < b\n</parameter >\n\n</parameter>\n<parameter=days>\n3\n</parameter>\n<parameter=unit>\nF\n</parameter>\n<parameter=tags>\n[\"ü\"]\n</parameter>\n")]
    [InlineData(true, "<parameter=city>\nZürich\n\n</parameter>\n<parameter=unit>\nC\n</parameter>\n")]
    [InlineData(false, "<parameter=unit>\nC\n</parameter>\n")]
    [InlineData(false, "<parameter=city>\nBern\n</parameter>\n<parameter=unit>\nK\n</parameter>\n")]
    [InlineData(false, "<parameter=city>\nBern\n</parameter>\n<parameter=days>\nthree\n</parameter>\n<parameter=unit>\nC\n</parameter>\n")]
    [InlineData(false, "<parameter=town>\nBern\n</parameter>\n")]
    public void Parameters_are_those_of_the_schema(bool isCall, string parameters)
    {
        var grammar = GrammarWalk.Compile(Tool(Schema, isStrict: true));
        Assert.Empty(grammar.Unenforced);
        Assert.Equal(isCall, grammar.Accepts($"<function=look>\n{parameters}</function>\n</tool_call>"));
    }

    [Fact]
    public void Without_a_schema_parameters_have_any_names()
    {
        var grammar = GrammarWalk.Compile(Tool(null, isStrict: false));
        Assert.True(grammar.Accepts("<function=look>\n</function>\n</tool_call>"));
        Assert.True(grammar.Accepts("<function=look>\n<parameter=any_1>\nx\n</parameter>\n<parameter=b>\n\n</parameter>\n</function>\n</tool_call>"));
        Assert.False(grammar.Accepts("<function=other>\n</function>\n</tool_call>"));
    }

    [Fact]
    public void What_a_text_cannot_be_held_to_is_told_or_refused()
    {
        const string Bounded = """{"properties":{"city":{"type":"string","minLength":2},"n":false},"required":["city"]}""";
        var grammar = GrammarWalk.Compile(Tool(Bounded, isStrict: false));
        Assert.Equal(["tools[0]/properties/city/minLength", "tools[0]/properties/n"], grammar.Unenforced);
        Assert.True(grammar.Accepts("<function=look>\n<parameter=city>\na\n</parameter>\n</function>\n</tool_call>"));
        Assert.Equal("tools[0]", Assert.Throws<GrammarException>(() => GrammarWalk.Compile(Tool(Bounded, isStrict: true))).Place);
    }

    private static GrammarSource Tool(string? schema, bool isStrict) => GrammarSource.ToolCall(new ToolSource
    {
        Key = "arguments",
        Syntax = CallSyntax.Xml,
        After = "\n</tool_call>",
        Tools = [new ToolSource.Tool("look", "tools[0]", schema, isStrict)],
    });
}
