using System.Text;
using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Tests.Engine.Model.Templates;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>Calls as families write them, held by a grammar and read again.</summary>
public sealed class FamilyCallGrammarTests
{
    private const string Schema = """
        {"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1,"maximum":9},"unit":{"enum":["C","F"]},"loud":{"type":"boolean"},
        "tags":{"type":"array","items":{"type":"string"}},"at":{"type":"object","properties":{"x":{"type":"number"},"y":{"type":"number"}},"required":["x"]}},"required":["city","unit"]}
        """;

    public static TheoryData<ToolCallStyle> Styles() =>
        [.. Enum.GetValues<ToolCallStyle>().Where(static style => style is not (ToolCallStyle.None or ToolCallStyle.Harmony))];

    [Theory]
    [MemberData(nameof(Styles))]
    public void What_a_grammar_forces_its_parser_reads(ToolCallStyle style)
    {
        var grammar = GrammarWalk.Compile(Tool(style, Schema));
        for (var seed = 0; seed < 4; seed++)
        {
            var text = GrammarWalk.Random(grammar, seed, free: 40);
            var deltas = new List<AnswerDelta>();
            var parser = Parser(style);
            parser.Append(text, deltas);
            parser.Complete(deltas);
            var call = Assert.Single(deltas).Call;
            Assert.True(call is { Name: "look" }, $"{text} is read as {deltas[0]}");
            using var arguments = JsonDocument.Parse(call.Value.Arguments);
            Assert.True(arguments.RootElement.TryGetProperty("city", out var city) && city.ValueKind == JsonValueKind.String, text);
            Assert.Contains(arguments.RootElement.GetProperty("unit").GetString(), new[] { "C", "F" });
            if (arguments.RootElement.TryGetProperty("days", out var days))
            {
                Assert.InRange(days.GetInt32(), 1, 9);
            }
        }
    }

    [Theory]
    [InlineData(ToolCallStyle.Glm, true, "<tool_call>look\n<arg_key>city</arg_key>\n<arg_value>a < b</arg_value>\n<arg_key>unit</arg_key>\n<arg_value>C</arg_value>\n</tool_call>")]
    [InlineData(ToolCallStyle.Glm, false, "<tool_call>look\n<arg_key>unit</arg_key>\n<arg_value>C</arg_value>\n</tool_call>")]
    [InlineData(ToolCallStyle.Lfm, true, "<|tool_call_start|>[look(city=\"Bern\", days=3, unit=\"C\", loud=True, tags=[\"a\", \"b\"], at={\"x\": 1.5})]<|tool_call_end|>")]
    [InlineData(ToolCallStyle.Lfm, false, "<|tool_call_start|>[look(city=\"Bern\", unit=\"K\")]<|tool_call_end|>")]
    [InlineData(ToolCallStyle.Lfm, false, "<|tool_call_start|>[look(city=\"Bern\", days=12, unit=\"C\")]<|tool_call_end|>")]
    [InlineData(ToolCallStyle.Lfm, false, "<|tool_call_start|>[look(city=\"Bern\", unit=\"C\", loud=true)]<|tool_call_end|>")]
    [InlineData(ToolCallStyle.Gemma, true, "<|tool_call>call:look{city:<|\"|>a, <|b<|\"|>,unit:<|\"|>F<|\"|>,tags:[<|\"|>x<|\"|>],at:{x:1,y:2}}<tool_call|>")]
    [InlineData(ToolCallStyle.Gemma, false, "<|tool_call>call:look{city:Bern,unit:<|\"|>F<|\"|>}<tool_call|>")]
    [InlineData(ToolCallStyle.Gemma, false, "<|tool_call>call:other{}<tool_call|>")]
    [InlineData(ToolCallStyle.DeepSeek, true, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>look\n```json\n{\"city\": \"a\", \"unit\": \"C\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>")]
    [InlineData(ToolCallStyle.DeepSeek, false, "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>look\n```json\n{\"city\": 1, \"unit\": \"C\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>")]
    [InlineData(ToolCallStyle.Kimi, true, "<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>{\"city\":\"a\",\"unit\":\"C\"}<|tool_call_end|><|tool_calls_section_end|>")]
    [InlineData(ToolCallStyle.MistralNamed, true, "[TOOL_CALLS]look[ARGS]{\"city\":\"a\",\"unit\":\"C\"}")]
    [InlineData(ToolCallStyle.Nemotron, true, "<TOOLCALL>[{\"name\": \"look\", \"arguments\": {\"city\":\"a\",\"unit\":\"C\"}}]</TOOLCALL>")]
    public void Arguments_are_those_of_the_schema(ToolCallStyle style, bool isCall, string text) => Assert.Equal(isCall, GrammarWalk.Compile(Tool(style, Schema)).Accepts(text));

    [Fact]
    public void Marks_that_are_control_tokens_are_asked_for_as_such()
    {
        var tokenizer = new MarkedTokenizer(["<|tool_call>", "<tool_call|>", "<|\"|>", "<|other|>"]);
        var grammar = Grammar.Compile(Tool(ToolCallStyle.Gemma, Schema), new TokenVocabulary(tokenizer));
        var state = grammar.Start();
        var mask = new ulong[grammar.Vocabulary.MaskWords];
        int[] tokens = [0, .. Bytes("call:look{city:"), 2, .. Bytes("a<|\"|>{"), 2, .. Bytes(",unit:"), 2, .. Bytes("F"), 2, .. Bytes("}"), 1];
        foreach (var token in tokens)
        {
            state.FillMask(mask);
            Assert.True(GrammarWalk.Has(mask, token), $"{tokenizer.TokenName(token)} is not allowed");

            // Neither a control token that nobody asks for nor the bytes that stand for marks inside are.
            Assert.False(GrammarWalk.Has(mask, 3));
            Assert.DoesNotContain(GrammarWalk.Tokens(mask), static allowed => allowed >= 4 + 0xF5);
            Assert.True(state.Advance(token));
        }

        Assert.True(state.CanTerminate);
        Assert.False(grammar.Start().Advance(4 + 0xF5));

        // Written as text they are something else.
        Assert.False(grammar.Start().Advance(4 + '<'));

        int[] Bytes(string text) => [.. Encoding.UTF8.GetBytes(text).Select(static value => 4 + value)];
    }

    [Fact]
    public void Of_a_strict_tool_what_cannot_be_held_is_refused_and_of_another_told()
    {
        const string Bounded = """{"properties":{"city":{"type":"string","minLength":2},"any":{"anyOf":[{"type":"string"}]}},"required":["city"]}""";
        Assert.Equal(["tools[0]/properties/city/minLength", "tools[0]/properties/any/anyOf"], GrammarWalk.Compile(Tool(ToolCallStyle.Gemma, Bounded)).Unenforced);
        Assert.Equal("tools[0]", Assert.Throws<GrammarException>(() => GrammarWalk.Compile(Tool(ToolCallStyle.Gemma, Bounded, isStrict: true))).Place);

        // Texts in Python's form are JSON's.
        Assert.Equal(["tools[0]/properties/any/anyOf"], GrammarWalk.Compile(Tool(ToolCallStyle.Lfm, Bounded)).Unenforced);
        Assert.False(GrammarWalk.Compile(Tool(ToolCallStyle.Lfm, Bounded)).Accepts("<|tool_call_start|>[look(city=\"a\")]<|tool_call_end|>"));
        Assert.True(GrammarWalk.Compile(Tool(ToolCallStyle.Lfm, Bounded)).Accepts("<|tool_call_start|>[look(city=\"ab\", any={\"k\": [None, 1, \"x\"]})]<|tool_call_end|>"));
    }

    [Fact]
    public void Without_a_schema_arguments_have_any_names()
    {
        var grammar = GrammarWalk.Compile(Tool(ToolCallStyle.Gemma, null));
        Assert.True(grammar.Accepts("<|tool_call>call:look{}<tool_call|>"));
        Assert.True(grammar.Accepts("<|tool_call>call:look{a_1:[1,{b:<|\"|><|\"|>}],c:true}<tool_call|>"));
        Assert.True(GrammarWalk.Compile(Tool(ToolCallStyle.Glm, null)).Accepts("<tool_call>look\n<arg_key>any</arg_key>\n<arg_value>x</arg_value>\n</tool_call>"));
    }

    private static GrammarSource Tool(ToolCallStyle style, string? schema, bool isStrict = false)
    {
        var writing = ToolCallStyles.Writing(style);
        return GrammarSource.ToolCall(new ToolSource
        {
            Syntax = writing.Syntax,
            Key = writing.Key,
            Before = writing.Outer + writing.Opening + writing.Head,
            Between = writing.Between,
            After = writing.Tail + writing.OuterTail,
            Quote = writing.Quote,
            Tools = [new ToolSource.Tool("look", "tools[0]", schema, isStrict)],
        });
    }

    private static IAnswerParser Parser(ToolCallStyle style) => style switch
    {
        ToolCallStyle.Xml => new XmlCallParser(Id, IsText),
        ToolCallStyle.Glm => new GlmCallParser(Id, IsText),
        ToolCallStyle.MistralNamed => new NamedCallParser(Id),
        ToolCallStyle.DeepSeek or ToolCallStyle.DeepSeekNamed or ToolCallStyle.Kimi => new MarkedCallParser(style, Id),
        ToolCallStyle.Lfm or ToolCallStyle.Python => new PythonCallParser(style, Id),
        ToolCallStyle.Gemma or ToolCallStyle.FunctionGemma => new GemmaCallParser(style, Id),
        _ => new ToolCallParser(style, Id),
    };

    private static string Id(int index) => $"id{index}";

    private static bool IsText(string function, string name) => name is "city" or "unit";
}
