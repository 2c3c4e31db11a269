using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Tests.Engine.Model.Templates;

public sealed class TemplateErrorTests
{
    [Theory]
    [InlineData("a\n\n{{ x | wordwrap }}", "filter 'wordwrap'", 3)]
    [InlineData("{% if true %}\n{{ 1 is prime }}\n{% endif %}", "test 'prime'", 2)]
    [InlineData("\n{% include 'x' %}", "tag 'include'", 2)]
    [InlineData("{% for x in y %}\n\n", "for", 1)]
    [InlineData("\n\n{{ 'abc", "string", 3)]
    [InlineData("{{ 1 }}\n{# never closed", "comment", 2)]
    [InlineData("\n{% raw %}", "raw", 2)]
    [InlineData("{{ messages }}\n{{ 1\n+ none }}", "operator +", 3)]
    [InlineData("\n{{ messages[0].nope.more }}", "attribute 'more'", 2)]
    [InlineData("\n{{ nothing() }}", "call", 2)]
    [InlineData("\n\n{{ raise_exception('no such role') }}", "raise_exception", 3)]
    [InlineData("{{ strftime_now('%Q') }}", "strftime_now", 1)]
    [InlineData("\n{% endif %}", "tag 'endif'", 2)]
    [InlineData("{{ 1 1 }}", "syntax", 1)]
    [InlineData("{% macro f() %}\n{{ 1 / 0 }}{% endmacro %}\n{{ f() }}", "operator /", 2)]
    [InlineData("{% set x = [1] %}\n{% set x.y = 1 %}", "set", 2)]
    [InlineData("{{ 'a'.join([1]) }}", "join()", 1)]
    [InlineData("{{ f(*[1]) }}", "syntax", 1)]
    [InlineData("\n{% break %}", "tag 'break'", 2)]
    public void It_names_the_construct_and_the_line(string source, string construct, int line)
    {
        var fault = Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source).Render([new JsonObject()], null, true));
        Assert.Equal(construct, fault.Construct);
        Assert.Equal(line, fault.Line);
        Assert.Contains($"line {line}", fault.Message, StringComparison.Ordinal);
        Assert.Contains(construct, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_of_the_template_carries_its_own_words()
    {
        var template = ChatTemplate.Parse("{{ raise_exception('Only user and assistant, not ' ~ messages[0].role) }}");
        var fault = Assert.Throws<TemplateException>(() => template.Render([new JsonObject { ["role"] = "tool" }], null, true));
        Assert.Equal("Only user and assistant, not tool", fault.Fault);
    }
}
