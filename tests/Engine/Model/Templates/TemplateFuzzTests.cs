using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates;
using Crescent.Engine.Model.Templates.Runtime;
using CsCheck;

namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>Templates cut up and put together again: whatever comes of it, the only exception is TemplateException.</summary>
public sealed class TemplateFuzzTests
{
    private static readonly string[] Pieces =
    [
        "{% ", " %}", "{{ ", " }}", "{%- ", " -%}", "{#", "#}", "(", ")", "[", "]", "{", "}", "'", "\"", "\\", "\\u00", "|", ".", ",", ":", "=", "~",
        "-", "+", "*", "**", "/", "//", "%", "<", "==", "0", "1", "-9223372036854775808", "9223372036854775807", "1e308", "0.1", " if ", " else ",
        " for x in ", " endfor ", " endif ", " in ", " not ", " is ", " and ", "none", "true", "messages", "tools", "loop", "ns", "x", "namespace",
        "range", "split", "strip", "items", "tojson", "length", "join", "map", "sort", "format", "replace", "set ", "macro ", "call ", "filter ", " recursive",
        "[::-1]", "['a']", "break", "raw", "endraw", "\n", "😀", "\ud800", "\0",
    ];

    private static readonly string[] Seeds =
        [.. JsonNode.Parse(File.ReadAllText(TestFiles.Project("tests", "data", "chat-template-cases.json")))!.AsArray()
            .Select(item => item!["template"]!.GetValue<string>())];

    private static readonly Gen<string> Tails = Gen.OneOf(Seeds).Select(Gen.Int[0, 200]).Select((seed, at) => seed[(at % seed.Length)..]);

    private static readonly Gen<(int At, int Length, string Text)> Change =
        Gen.Select(Gen.Int[0, 2_000], Gen.Int[0, 6], Gen.OneOf(Gen.OneOf(Pieces), Tails));

    [Fact]
    public void A_mutated_template_fails_with_a_template_exception_or_not_at_all() =>
        Gen.OneOf(Seeds).Select(Change.Array[1, 6]).Sample(
            (seed, changes) =>
            {
                foreach (var (at, length, text) in changes)
                {
                    var start = at % (seed.Length + 1);
                    seed = seed[..start] + text + seed[Math.Min(seed.Length, start + length)..];
                }

                try
                {
                    ChatTemplate.Parse(seed).Render(Messages(), Tools(), true);
                }
                catch (TemplateException fault)
                {
                    Assert.NotEmpty(fault.Fault);
                }
            },
            iter: 5_000,
            threads: 1);

    private static JsonArray Messages() => JsonNode.Parse(
        """[{"role":"user","content":"a b ß😀"},{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":{"a":1.5}}}]}]""")!.AsArray();

    private static JsonArray Tools() => JsonNode.Parse("""[{"type":"function","function":{"name":"f","parameters":{}}}]""")!.AsArray();
}
