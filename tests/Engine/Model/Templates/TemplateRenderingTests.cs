using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates;

namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>What the recorded cases leave out; the expected texts are those of Jinja 3.1 and Python.</summary>
public sealed class TemplateRenderingTests
{
    [Theory]
    [InlineData("{{ 'ﬁx ß ŉ'|upper }}|{{ 'ßa'.title() }}|{{ 'ßa'|title }}|{{ 'ΑΣ ΣΑΣ'|lower }}", "FIX SS ʼN|Ssa|SSa|ας σας")]
    [InlineData("{{ \"it's a-b (c)\"|title }}|{{ \"it's a-b\".title() }}|{{ 'aBC dE'|capitalize }}", "It's A-B (C)|It'S A-B|Abc de")]
    [InlineData("{{ [1e16, 1e15, 0.0001, 0.00001, 1.5e300, -0.0, 123456.75, 5e-324] }}", "[1e+16, 1000000000000000.0, 0.0001, 1e-05, 1.5e+300, -0.0, 123456.75, 5e-324]")]
    [InlineData("{{ -7 // 2 }} {{ -7 % 3 }} {{ 7.5 // -2 }} {{ 7 % -3 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }}", "-4 2 -4.0 -2 0.5 64")]
    [InlineData("{{ 2.675|round(2) }} {{ 0.125|round(2) }} {{ 2.5|round }} {{ 1.21|round(1,'ceil') }}", "2.67 0.12 2.0 1.3")]
    [InlineData("{{ '%s is %05.1f%% %-4d|' % ('x', 2.25, 7) }}{{ '{0} {1} {a}'.format(1, 2, a=3) }}", "x is 002.2% 7   |1 2 3")]
    [InlineData("{{ {'a': [1.0, none], 2: 'é\\u200b'} }}", "{'a': [1.0, None], 2: 'é\\u200b'}")]
    [InlineData("{{ 'a\\x41\\101\\q\\n' | tojson }}", "\"aAA\\\\q\\n\"")]
    [InlineData("{{ ['é😀'] | tojson(ensure_ascii=true) }}{{ {'b': [], 'a': {}} | tojson(indent=2, sort_keys=true) }}", "[\"\\u00e9\\ud83d\\ude00\"]{\n  \"a\": {},\n  \"b\": []\n}")]
    [InlineData("{{ [3, 1] == (3, 1) }}{{ 1 == true }}{{ '1' == 1 }}{{ [1, 'a'] < [1, 'b'] }}{{ none == none }}", "FalseTrueFalseTrueTrue")]
    [InlineData("{{ 'a b  c'.split() }}{{ 'a,b,c'.rsplit(',', 1) }}{{ 'a=b=c'.partition('=') }}{{ ' a b '.split(none, 1) }}", "['a', 'b', 'c']['a,b', 'c']('a', '=', 'b=c')['a', 'b ']")]
    [InlineData("{{ 'xxabxx'.strip('x') }}{{ 'aaa'.replace('a', 'b', 2) }}{{ 'abc'.replace('', '-') }}{{ 'banana'.rfind('an') }}", "abbba-a-b-c-3")]
    [InlineData("{{ [{'a': {'b': 2}}, {'a': {'b': 1}}] | sort(attribute='a.b') | map(attribute='a.b') | join('-', ) }}", "1-2")]
    [InlineData("{{ ['b', 'A', 'c'] | sort }}{{ ['b', 'A'] | sort(case_sensitive=true) }}{{ [1, 3, 2] | sort(reverse=true) }}", "['A', 'b', 'c']['A', 'b'][3, 2, 1]")]
    [InlineData("{{ [1, 2, 3, 4, 5] | batch(2, 'x') | list }}{{ [1, 2] | sum }}{{ ['b', 'a'] | min }}{{ [] | max is defined }}", "[[1, 2], [3, 4], [5, 'x']]3aFalse")]
    [InlineData("{% for x in [1, [2, [3]]] recursive %}{{ loop(x) if x is iterable else x }}:{{ loop.depth }};{% endfor %}", "1:1;2:2;3:3;:2;:1;")]
    [InlineData("{% macro f(a, b=a) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1) }}{{ f(1, 2, 3, c=4) }}", "11(){}12(3,){'c': 4}")]
    [InlineData("{% macro list(items) %}{% for i in items %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(x) list([1, 2]) %}<{{ x }}>{% endcall %}", "<1><2>")]
    [InlineData("{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "3False")]
    [InlineData("{% set x | upper | replace('A', 'b') %}aa{% endset %}{{ x }}", "bb")]
    [InlineData("{% generation %}said{% endgeneration %}", "said")]
    [InlineData("{% set ns = namespace(a=1) %}{% macro f() %}{% set ns.a = ns.a + 1 %}{% endmacro %}{{ f() }}{{ ns.a }}", "2")]
    [InlineData("{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123")]
    [InlineData("{% for i in [1, 1, 2] %}{{ loop.changed(i) }}{% endfor %}", "TrueFalseTrue")]
    [InlineData("{{ 'x' if false else 'y' if false else 'z' }}{{ [1 if true, 2 if false] }}", "z[1, Undefined]")]
    [InlineData("{{ messages | selectattr('nope') | list }}{{ 'T' if messages | selectattr('nope') else 'F' }}", "[]T")]
    [InlineData("{{ 'abc'[-2:] }}{{ 'abc'[5:] }}{{ 'abcdef'[4:1:-2] }}{{ (1, 2, 3)[:2] }}{{ 'abc'[10] }}", "bcec(1, 2)")]
    [InlineData("{{ ''.__class__ }}{{ [].append }}{{ messages[0].keys() | list }}{{ messages[0]['keys'] is callable }}", "['role', 'content']True")]
    [InlineData("{{ nothing is undefined }}{{ 'a' in nothing }}{% for x in nothing %}x{% endfor %}{{ nothing | length }}{{ nothing | upper }}", "TrueFalse0")]
    [InlineData("x\n  {%+ if true %}\n  y\n  {%- endif +%}\n z", "x\n    y\n z")]
    public void It_renders_as_Jinja_does(string source, string expected) => Assert.Equal(
        expected, ChatTemplate.Parse(source).Render([new JsonObject { ["role"] = "user", ["content"] = "hi" }], null, true));

    [Fact]
    public void A_template_is_rendered_by_many_threads_at_once()
    {
        var template = ChatTemplate.Parse("{% set ns = namespace(t='') %}{% macro f(x) %}<{{ x }}>{% endmacro %}{% for m in messages %}{% set ns.t = ns.t ~ f(m.content) %}{% endfor %}{{ ns.t }}");
        Parallel.For(0, 200, new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken }, i =>
        {
            JsonArray messages = [.. Enumerable.Range(i, 20).Select(n => new JsonObject { ["content"] = n })];
            Assert.Equal(string.Concat(Enumerable.Range(i, 20).Select(n => $"<{n}>")), template.Render(messages, null, true));
        });
    }

    [Fact]
    public void Integers_beyond_64_bits_pass_through()
    {
        var tools = JsonNode.Parse("""[{"maximum": 18446744073709551615, "x": 1e400, "y": -0.5e-7}]""")!.AsArray();
        Assert.Equal(
            """[{"maximum": 18446744073709551615, "x": Infinity, "y": -5e-08}]""",
            ChatTemplate.Parse("{{ tools | tojson }}").Render([], tools, true));
    }
}
