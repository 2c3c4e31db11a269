using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>Templates that would take forever, exhaust the memory or overflow the stack.</summary>
public sealed class TemplateHostilityTests
{
    [Theory]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% macro f(x) %}{{ f([x]) }}{% endmacro %}{{ f(1) }}")]
    [InlineData("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}")]
    [InlineData("{% macro f() %}{% call f() %}{{ caller() }}{% endcall %}{% endmacro %}{{ f() }}")]
    [InlineData("{{ range(1000000000) | list | length }}")]
    [InlineData("{{ range(-9223372036854775807, 9223372036854775807) | first }}")]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ 'x' * 1000000000000 }}")]
    [InlineData("{{ [1] * 1000000000000 }}")]
    [InlineData("{% set ns = namespace(s='xx') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='xx') %}{% for i in range(1000) %}{% set ns.s = ns.s | replace('x', 'xx') %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s | tojson }}")]
    [InlineData("{% set a = namespace(s=[1], t=[1]) %}{% for i in range(99) %}{% set a.s = [a.s, a.s] %}{% set a.t = [a.t, a.t] %}{% endfor %}{{ a.s == a.t }}")]
    [InlineData("{% set ns = namespace(s=[1]) %}{% for i in range(50000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}")]
    [InlineData("{% set ns = namespace(s=1) %}{% set ns.s = [ns] %}{{ ns.s | tojson }}")]
    [InlineData("{{ 2 ** 1000000000 }}")]
    [InlineData("{{ 9223372036854775807 * 9223372036854775807 }}")]
    [InlineData("{{ 'x'.rjust(1000000000000) }}")]
    [InlineData("{{ 'x' | center(1000000000000) }}")]
    [InlineData("{{ 'x' | indent(1000000000000, true) }}")]
    [InlineData("{{ '7'.zfill(1000000000000) }}")]
    [InlineData("{{ '%999999999999d' % 1 }}")]
    [InlineData("{{ [[[1]]] | tojson(indent=1000000000000) }}")]
    [InlineData("{% for i in range(100000) %}{% set x = messages[0].content * 15000 %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{{ 'some text that is written over and over again' * 10 }}{% endfor %}")]
    public void It_ends_with_a_template_exception(string source)
    {
        var template = ChatTemplate.Parse(source);
        Assert.Throws<TemplateException>(() => template.Render([new JsonObject { ["content"] = new string('a', 1000) }], null, true));
    }

    [Theory]
    [InlineData("{{ ", "(", "1", ")", " }}")]
    [InlineData("{{ ", "[", "1", "]", " }}")]
    [InlineData("{{ ", "{1:", "1", "}", " }}")]
    [InlineData("{{ ", "not ", "1", "", " }}")]
    [InlineData("{{ ", "-", "1", "", " }}")]
    [InlineData("{{ ", "1 if 1 else ", "1", "", " }}")]
    [InlineData("{{ ", "1 + ", "1", "", " }}")]
    [InlineData("{{ ", "", "x", ".x", " }}")]
    [InlineData("{{ ", "", "1", "|string", " }}")]
    [InlineData("{{ ", "x(", "1", ")", " }}")]
    [InlineData("", "{% if 1 %}", "", "{% endif %}", "")]
    [InlineData("", "{% for x in [1] %}", "", "{% endfor %}", "")]
    [InlineData("{% set ", "(", "x", ")", " = 1 %}")]
    [InlineData("", "{% macro f() %}", "", "{% endmacro %}", "")]
    public void Nesting_without_end_is_refused(string before, string open, string core, string close, string after)
    {
        var source = before + Repeat(open, 50_000) + core + Repeat(close, 50_000) + after;
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse(source).Render([], null, true));
    }

    [Fact]
    public void Messages_that_nest_without_end_are_refused()
    {
        JsonNode content = "x";
        for (var i = 0; i < 20_000; i++)
        {
            content = new JsonArray(content);
        }

        var template = ChatTemplate.Parse("{{ messages | length }}");
        Assert.Throws<TemplateException>(() => template.Render([new JsonObject { ["content"] = content }], null, true));
    }

    [Fact]
    public void A_property_that_stands_twice_is_refused()
    {
        var messages = JsonNode.Parse("""[{"role":"user","content":"a","content":"b"}]""")!.AsArray();
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse("{{ messages[0].content }}").Render(messages, null, true));
    }

    [Fact]
    public void Real_conversations_stay_far_from_the_limits()
    {
        var template = ChatTemplate.Parse("{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content | trim + '<|im_end|>\n' }}{% endfor %}");
        var messages = new JsonArray();
        for (var i = 0; i < 2_000; i++)
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = new string('x', 1_000) });
        }

        Assert.Equal(2_000 * (1_000 + "<|im_start|>user\n<|im_end|>\n".Length), template.Render(messages, null, true).Length);
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
