using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Tests.Engine.Model.ToolCalls;

/// <summary>Calls as further families write them, in whatever pieces they come.</summary>
public sealed class FamilyParserTests
{
    [Theory]
    [InlineData("Let me see.\n<tool_call>look\n<arg_key>city</arg_key>\n<arg_value>Zürich</arg_value>\n<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>", "Let me see.", "call 0 id0 look {\"city\":\"Zürich\",\"days\":3}")]
    [InlineData("<tool_call>look<arg_key>city</arg_key><arg_value>12</arg_value></tool_call>\n<tool_call>now\n</tool_call>", "call 0 id0 look {\"city\":\"12\"}", "call 1 id1 now {}")]
    [InlineData("<tool_call>look\n<arg_key>city</arg_key>\n<arg_value>a </tool_call> b</arg_value>\n</tool_call>", "call 0 id0 look {\"city\":\"a </tool_call> b\"}")]
    [InlineData("<tool_call>look\n<arg_key>city</arg_key>\n<arg_value>a</arg_value>\n", "call 0 id0 look {\"city\":\"a\"}")]
    [InlineData("<tool_call>look\n<arg_key>city</arg_key>\n<arg_value>a", "<tool_call>look\n<arg_key>city</arg_key>\n<arg_value>a")]
    [InlineData("a <tool_call> b c", "a <tool_call> b c")]
    public void Keys_and_values_are_calls(string text, params string[] expected) => Check(static () => new GlmCallParser(Id, static (_, name) => name == "city"), text, expected);

    [Theory]
    [InlineData(
        ToolCallStyle.DeepSeek,
        "So.\n\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>look\n```json\n{\"a\": \"}\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>now\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        "So.", "call 0 id0 look {\"a\": \"}\"}", "call 1 id1 now {}")]
    [InlineData(ToolCallStyle.DeepSeek, "<｜tool▁call▁begin｜>function<｜tool▁sep｜>look\n```json\n{\"a\": 1}\n```", "call 0 id0 look {\"a\": 1}")]
    [InlineData(ToolCallStyle.DeepSeek, "<｜tool▁call▁begin｜>function<｜tool▁sep｜>look\n```json\n{\"a\": 1", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>look\n```json\n{\"a\": 1")]
    [InlineData(
        ToolCallStyle.DeepSeekNamed,
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>look<｜tool▁sep｜>{\"a\":\"<｜tool▁call▁end｜>\"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        "call 0 id0 look {\"a\":\"<｜tool▁call▁end｜>\"}", "call 1 id1 now {}")]
    [InlineData(
        ToolCallStyle.Kimi,
        "Well.<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>{\"a\":1}<|tool_call_end|><|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>",
        "Well.", "call 0 functions.look:0 look {\"a\":1}", "call 1 id1 look {}")]
    [InlineData(ToolCallStyle.Kimi, "<|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>no", "<|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>no")]
    public void Marked_names_with_objects_are_calls(ToolCallStyle style, string text, params string[] expected) => Check(() => new MarkedCallParser(style, Id), text, expected);

    [Theory]
    [InlineData(
        ToolCallStyle.Lfm, "I look.<|tool_call_start|>[look(city='it\\'s', days=3, deep=[1, 2.5], on=True, none=None, m={\"k\": False}), now()]<|tool_call_end|>Done.",
        "I look.", "call 0 id0 look {\"city\":\"it's\",\"days\":3,\"deep\":[1,2.5],\"on\":true,\"none\":null,\"m\":{\"k\":false}}", "call 1 id1 now {}", "Done.")]
    [InlineData(ToolCallStyle.Lfm, "<|tool_call_start|>[look(city=\"a)]\\n\\u00fc\")]", "call 0 id0 look {\"city\":\"a)]\\nü\"}")]
    [InlineData(ToolCallStyle.Lfm, "<|tool_call_start|>[{\"name\": \"look\", \"arguments\": {\"a\": 1}}]<|tool_call_end|>", "call 0 id0 look {\"a\": 1}")]
    [InlineData(ToolCallStyle.Lfm, "<|tool_call_start|>[look(city=\"a\"", "<|tool_call_start|>[look(city=\"a\"")]
    [InlineData(ToolCallStyle.Lfm, "<|tool_call_start|>oh", "<|tool_call_start|>oh")]
    [InlineData(ToolCallStyle.Python, "[look(city=\"Bern\", loud=True)]", "call 0 id0 look {\"city\":\"Bern\",\"loud\":true}")]
    [InlineData(ToolCallStyle.Python, "<|python_start|>[now()]<|python_end|>", "call 0 id0 now {}")]
    [InlineData(ToolCallStyle.Python, "[1, 2] and [now()]", "[1, 2] and [now()]")]
    [InlineData(ToolCallStyle.Python, "See [now()]", "See [now()]")]
    [InlineData(ToolCallStyle.Python, "[look(]", "[look(]")]
    public void Calls_of_Python_are_calls(ToolCallStyle style, string text, params string[] expected) => Check(() => new PythonCallParser(style, Id), text, expected);

    [Theory]
    [InlineData(
        ToolCallStyle.Gemma, "Ah.\n<|tool_call>call:look{city:<|\"|>a {b}, \"c\"<|\"|>,days:3,on:true,deep:[<|\"|>x<|\"|>,{k:null}]}<tool_call|><|tool_call>call:now{}<tool_call|>",
        "Ah.", "call 0 id0 look {\"city\":\"a {b}, \\\"c\\\"\",\"days\":3,\"on\":true,\"deep\":[\"x\",{\"k\":null}]}", "call 1 id1 now {}")]
    [InlineData(ToolCallStyle.Gemma, "<|tool_call>call:now{}", "call 0 id0 now {}")]
    [InlineData(ToolCallStyle.Gemma, "<|tool_call>call:look{city:<|\"|>a", "<|tool_call>call:look{city:<|\"|>a")]
    [InlineData(ToolCallStyle.Gemma, "1 <|tool_call> 2", "1 <|tool_call> 2")]
    [InlineData(
        ToolCallStyle.FunctionGemma, "<start_function_call>call:look{city:<escape>Bern<escape>,days:2}<end_function_call>", "call 0 id0 look {\"city\":\"Bern\",\"days\":2}")]
    public void Calls_of_Gemma_are_calls(ToolCallStyle style, string text, params string[] expected) => Check(() => new GemmaCallParser(style, Id), text, expected);

    [Theory]
    [InlineData(ToolCallStyle.Nemotron, "Hm.\n<TOOLCALL>[{\"name\": \"look\", \"arguments\": {\"a\": 1}}, {\"name\": \"now\", \"arguments\": {}}]</TOOLCALL>\n", "Hm.", "call 0 id0 look {\"a\": 1}", "call 1 id1 now {}")]
    [InlineData(ToolCallStyle.Nemotron, "<TOOLCALL>[{\"name\": \"now\", \"arguments\": {}}]</TOOL", "call 0 id0 now {}")]
    [InlineData(ToolCallStyle.Nemotron, "<TOOLCALL>[{\"name\": \"now\", \"arguments\": {}}] no", "<TOOLCALL>[{\"name\": \"now\", \"arguments\": {}}] no")]
    [InlineData(ToolCallStyle.Phi, "<|tool_call|>{\"name\": \"look\", \"arguments\": {\"a\": 1}}<|/tool_call|><|tool_call|>{\"name\": \"now\"}<|/tool_call|>", "call 0 id0 look {\"a\": 1}", "call 1 id1 now {}")]
    [InlineData(ToolCallStyle.Phi, "<|tool_call|>[{\"name\": \"look\", \"arguments\": {\"a\": 1}}]<|/tool_call|>", "call 0 id0 look {\"a\": 1}")]
    [InlineData(ToolCallStyle.Granite, "<|tool_call|>[{\"name\": \"now\", \"arguments\": {}}]", "call 0 id0 now {}")]
    public void Lists_between_marks_are_calls(ToolCallStyle style, string text, params string[] expected) => Check(() => new ToolCallParser(style, Id), text, expected);

    private static string Id(int index) => $"id{index}";

    private static void Check(Func<IAnswerParser> parser, string text, string[] expected) => DialectParserTests.Check(parser, text, expected);
}
