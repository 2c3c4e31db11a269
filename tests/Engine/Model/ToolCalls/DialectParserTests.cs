using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Tests.Engine.Model.ToolCalls;

/// <summary>Calls and thoughts as families write them, in whatever pieces they come.</summary>
public sealed class DialectParserTests
{
    [Theory]
    [InlineData(
        "Let me see.\n\n<tool_call>\n<function=look>\n<parameter=city>\nZürich\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>\n",
        "Let me see.", "call 0 id0 look {\"city\":\"Zürich\",\"days\":3}")]
    [InlineData("<tool_call>\n<function=look>\n<parameter=city>\n12\n</parameter>\n</function>\n</tool_call>", "call 0 id0 look {\"city\":\"12\"}")]
    [InlineData("<tool_call>\n<function=look>\n<parameter=city>\na\n<b>\n\n</parameter>\n</function>\n</tool_call>", "call 0 id0 look {\"city\":\"a\\n<b>\\n\"}")]
    [InlineData("<tool_call>\n<function=now>\n</function>\n</tool_call>\n<tool_call><function=now></function></tool_call>", "call 0 id0 now {}", "call 1 id1 now {}")]
    [InlineData("<tool_call>\n<function=now>\n</function>", "call 0 id0 now {}")]
    [InlineData("<tool_call>\n<function=look>\n<parameter=city>\n/\n</parameter>\n", "<tool_call>\n<function=look>\n<parameter=city>\n/\n</parameter>\n")]
    [InlineData(
        "<tool_call>\n<function=look>\n<parameter=city>\nsee </tool_call> a</parameter>b\n</parameter>\n</function>\n</tool_call>",
        "call 0 id0 look {\"city\":\"see </tool_call> a</parameter>b\"}")]
    [InlineData("a <tool_call> b", "a <tool_call> b")]
    [InlineData("x\n<tool_call>\n<function=look>\n<parameter=city>\noh", "x\n<tool_call>\n<function=look>\n<parameter=city>\noh")]
    [InlineData("1 < 2 <tool", "1 < 2 <tool")]
    public void Elements_are_calls(string text, params string[] expected) => Check(static () => new XmlCallParser(static i => $"id{i}", static (_, name) => name == "city"), text, expected);

    [Theory]
    [InlineData("[TOOL_CALLS]look[ARGS]{\"a\": {\"b\": \"}\"}}", "call 0 id0 look {\"a\": {\"b\": \"}\"}}")]
    [InlineData("Well. [TOOL_CALLS]look[ARGS]{}[TOOL_CALLS]hear[CALL_ID]abc123456[ARGS]{\"x\":1} ", "Well.", "call 0 id0 look {}", "call 1 abc123456 hear {\"x\":1}")]
    [InlineData("[TOOL_CALLS]look[ARGS]{\"a\":", "[TOOL_CALLS]look[ARGS]{\"a\":")]
    [InlineData("[TOOL_CALLS]look[ARGS]12", "[TOOL_CALLS]look[ARGS]12")]
    [InlineData("[TOOL_CALLS] oh", "[TOOL_CALLS] oh")]
    public void Names_with_arguments_are_calls(string text, params string[] expected) => Check(static () => new NamedCallParser(static i => $"id{i}"), text, expected);

    [Theory]
    [InlineData("<|channel|>analysis<|message|>Hm. 2 < 3.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>", "thought Hm. 2 < 3.", "Yes.")]
    [InlineData(
        "<|channel|>analysis<|message|>Ask.<|end|><|start|>assistant<|channel|>commentary to=functions.look <|constrain|>json<|message|>{\"city\":\"Bern\"}<|call|>",
        "thought Ask.", "call 0 id0 look {\"city\":\"Bern\"}")]
    [InlineData("<|start|>assistant to=functions.now<|channel|>commentary json<|message|>{}", "call 0 id0 now {}")]
    [InlineData("<|channel|>commentary<|message|>I will look.<|end|><|start|>assistant<|channel|>commentary to=functions.now<|message|>", "I will look.", "call 0 id0 now {}")]
    [InlineData("<|channel|>commentary to=functions.look<|message|>no JSON<|call|>", "no JSON")]
    [InlineData("<|channel|>final<|message|>a <|b", "a <|b")]
    [InlineData("<|channel|>analysis<|message|>Hm.<|end|>Yes, without a header.", "thought Hm.", "Yes, without a header.")]
    [InlineData("Without a header.", "Without a header.")]
    [InlineData("<|channel|>anal")]
    public void Messages_are_thoughts_calls_and_answers(string text, params string[] expected) => Check(static () => new HarmonyParser(static i => $"id{i}"), text, expected);

    [Fact]
    public void A_list_behind_a_mark_is_calls() => Check(
        static () => new ToolCallParser(ToolCallStyle.Granite, static i => $"id{i}"),
        "<|tool_call|>[{\"name\": \"look\", \"arguments\": {\"a\": 1}}, {\"name\": \"now\", \"arguments\": {}}]",
        ["call 0 id0 look {\"a\": 1}", "call 1 id1 now {}"]);

    internal static void Check(Func<IAnswerParser> parser, string text, string[] expected)
    {
        for (var length = 1; length <= text.Length; length = length < 8 ? length + 1 : length * 2)
        {
            Assert.Equal(expected, Parse(parser(), text.Chunk(length).Select(static piece => new string(piece))));
        }

        Assert.Equal(expected, Parse(parser(), [text]));
    }

    // Neighbouring pieces of content and of thought are one.
    private static List<string> Parse(IAnswerParser parser, IEnumerable<string> pieces)
    {
        var deltas = new List<AnswerDelta>();
        foreach (var piece in pieces)
        {
            parser.Append(piece, deltas);
        }

        parser.Complete(deltas);
        var read = new List<(string Kind, string Text)>();
        foreach (var delta in deltas)
        {
            var (kind, text) = delta.Call is { } call ? ("call", $"call {call.Index} {call.Id} {call.Name} {call.Arguments}") : delta.Thought is { } thought ? ("thought", thought) : ("", delta.Content!);
            if (kind != "call" && read.Count > 0 && read[^1].Kind == kind)
            {
                read[^1] = (kind, read[^1].Text + text);
            }
            else
            {
                read.Add((kind, text));
            }
        }

        return [.. read.Select(static part => part.Kind == "thought" ? "thought " + part.Text : part.Text)];
    }
}
