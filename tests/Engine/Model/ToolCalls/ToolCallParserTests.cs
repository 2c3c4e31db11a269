using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Tests.Engine.Model.ToolCalls;

public sealed class ToolCallParserTests
{
    [Theory]
    [InlineData("Hello there.", "Hello there.")]
    [InlineData("  two spaces and a line \n", "  two spaces and a line \n")]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>", "call 0 id0 f {\"a\": 1}")]
    [InlineData("Let me see.\n<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\n", "Let me see.", "call 0 id0 f {}")]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"g\",\"arguments\":{\"x\":[1,{\"y\":\"}\"}]}}</tool_call>", "call 0 id0 f {}", "call 1 id1 g {\"x\":[1,{\"y\":\"}\"}]}")]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\nDone.", "call 0 id0 f {}", "\nDone.")]
    [InlineData("<tool_call>{\"arguments\":{\"a\":1},\"name\":\"f\"}</tool_call>", "call 0 id0 f {\"a\":1}")]
    [InlineData("<tool_call>{\"name\":\"f\"}</tool_call>", "call 0 id0 f {}")]
    [InlineData("<tool_call><tool_call>{\"name\":\"f\"}</tool_call>", "<tool_call>", "call 0 id0 f {}")]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":null}</tool_call>", "call 0 id0 f {}")]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":\"{\\\"a\\\": 1}\"}</tool_call>", "call 0 id0 f {\"a\": 1}")]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":\"</tool_call>\"}}</tool_call>", "call 0 id0 f {\"a\":\"</tool_call>\"}")]
    [InlineData("<tool_call>{\"name\":\"f\\u0041\",\"arguments\":{},\"id\":\"abc\",\"n\":1.5e3}</tool_call>", "call 0 abc fA {}")]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":{}}", "call 0 id0 f {}")]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":{}}\n</tool_", "call 0 id0 f {}")]
    public void Calls_of_the_Hermes_style_are_found(string text, params string[] expected) =>
        Assert.Equal(expected, Answer.Parse(ToolCallStyle.Hermes, [text]));

    [Theory]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"x", true)]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}", false)]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call><tool_call>{\"name\":\"g\",\"arguments\":{\"a\":", true)]
    [InlineData("<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>", false)]
    [InlineData("none", false)]
    public void A_call_that_is_cut_within_its_arguments_is_told_from_one_that_is_whole(string text, bool isCut)
    {
        var parser = new ToolCallParser(ToolCallStyle.Hermes, static i => $"id{i}", ToolCallDelivery.Incremental);
        var deltas = new List<AnswerDelta>();
        parser.Append(text, deltas);
        parser.Complete(deltas);
        Assert.Equal(isCut, parser.IsCut);
    }

    [Theory]
    [InlineData("<tool_call>")]
    [InlineData("a <tool_ca")]
    [InlineData("a < b <tool_box>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": ")]
    [InlineData("<tool_call>{\"name\": f}</tool_call> and more")]
    [InlineData("<tool_call>{\"name\": \"\", \"arguments\": {}}</tool_call>")]
    [InlineData("<tool_call>{\"arguments\": {}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": 7}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {}}} </tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {}} but then words")]
    [InlineData("<tool_call>f(1)</tool_call>\n")]
    [InlineData("{\"name\": \"f\", \"arguments\": {}}")]
    [InlineData(" \n <tool_call>[]</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"\\ud800\", \"arguments\": {}}</tool_call>")]
    public void What_is_no_call_comes_back_as_it_is(string text)
    {
        foreach (var delivery in new[] { ToolCallDelivery.Whole, ToolCallDelivery.Incremental })
        {
            if (delivery == ToolCallDelivery.Whole || !text.Contains("\"f\", \"arguments\": {", StringComparison.Ordinal))
            {
                Assert.Equal(text, Assert.Single(Answer.Parse(ToolCallStyle.Hermes, [text], delivery)));
            }
        }
    }

    [Fact]
    public void The_embedded_model_s_own_call_is_found()
    {
        var answer = Goldens.Read(TestFiles.Project("models", "crescent-tiny.goldens.json")).Prompts.Single(prompt => prompt.Name == "tool-call").Safe;
        Assert.Equal(["call 0 id0 get_price {\"expression\": \"71 * 913\"}"], Answer.Parse(ToolCallStyle.Hermes, Answer.Cut(answer, [3])));
    }

    [Fact]
    public void A_call_behind_a_malformed_one_is_found() => Assert.Equal(
        ["<tool_call>{\"name\": \"f\"", "call 0 id0 g {}", " x"],
        Answer.Parse(ToolCallStyle.Hermes, ["<tool_call>{\"name\": \"f\" \n<tool_call>{\"name\":\"g\"}</tool_call> x"]));

    [Theory]
    [InlineData("{\"name\": \"f\", \"parameters\": {\"a\": 1}}", "call 0 id0 f {\"a\": 1}")]
    [InlineData(" <|python_tag|>{\"name\": \"f\", \"parameters\": {}}", "call 0 id0 f {}")]
    [InlineData("{\"type\": \"function\", \"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"parameters\": {}}\n", "call 0 id0 f {}", "call 1 id1 g {}")]
    [InlineData("I call <|python_tag|>{\"name\": \"f\", \"parameters\": {}} now", "I call", "call 0 id0 f {}", " now")]
    [InlineData("{\"a\": 1}", "{\"a\": 1}")]
    [InlineData("{\"name\": \"Ann\", \"age\": 9}", "{\"name\": \"Ann\", \"age\": 9}")]
    [InlineData("See {\"name\": \"f\", \"parameters\": {}}", "See {\"name\": \"f\", \"parameters\": {}}")]
    [InlineData("<|python_tag|>print(1)", "<|python_tag|>print(1)")]
    [InlineData("{\"name\": \"f\", \"parameters\": {}}; and", "call 0 id0 f {}", "; and")]
    [InlineData("{\"name\": \"f\", \"parameters\": {\"a\"", "{\"name\": \"f\", \"parameters\": {\"a\"")]
    public void Calls_of_the_Llama_style_are_found(string text, params string[] expected) =>
        Assert.Equal(expected, Answer.Parse(ToolCallStyle.Llama, [text]));

    [Theory]
    [InlineData("[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {\"a\": 1}}]", "call 0 id0 f {\"a\": 1}")]
    [InlineData("[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {}, \"id\": \"123456789\"}, {\"name\": \"g\", \"arguments\": {}}] ", "call 0 123456789 f {}", "call 1 id1 g {}")]
    [InlineData("Right. [TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}}]", "Right.", "call 0 id0 f {}")]
    [InlineData("[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}}", "call 0 id0 f {}")]
    [InlineData("[TOOL_CALLS][]", "[TOOL_CALLS][]")]
    [InlineData("[TOOL_CALLS]f{}", "[TOOL_CALLS]f{}")]
    [InlineData("[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}}, oh", "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}}, oh")]
    [InlineData("[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}},", "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}},")]
    [InlineData("[1, 2] [TOOL", "[1, 2] [TOOL")]
    public void Calls_of_the_Mistral_style_are_found(string text, params string[] expected) =>
        Assert.Equal(expected, Answer.Parse(ToolCallStyle.Mistral, [text]));

    [Fact]
    public void Without_a_style_everything_is_content_at_once()
    {
        var parser = new ToolCallParser(ToolCallStyle.None, index => "");
        var deltas = new List<AnswerDelta>();
        parser.Append("<tool_call>{\"name\"", deltas);
        Assert.Equal("<tool_call>{\"name\"", Assert.Single(deltas).Content);
    }

    [Fact]
    public void Content_leaves_as_soon_as_it_can_be_no_marker()
    {
        var parser = new ToolCallParser(ToolCallStyle.Hermes, index => "");
        var deltas = new List<AnswerDelta>();
        string Add(string text)
        {
            deltas.Clear();
            parser.Append(text, deltas);
            return string.Concat(deltas.Select(delta => delta.Content));
        }

        Assert.Equal("one", Add("one"));
        Assert.Equal("", Add(" "));
        Assert.Equal(" two", Add("two <tool"));
        Assert.Equal(" <toolbox", Add("box"));
        Assert.Equal("", Add("\n<tool_call>\n"));
        Assert.Equal("\n<tool_call>\nx", Add("x"));
    }

    [Fact]
    public void Arguments_leave_as_they_come_where_that_is_wanted()
    {
        var parser = new ToolCallParser(ToolCallStyle.Hermes, index => "x", ToolCallDelivery.Incremental);
        var deltas = new List<AnswerDelta>();
        foreach (var piece in new[] { "<tool_call>{\"name\": \"f\", \"arg", "uments\": {\"a\"", ": [1,", " 2]}", "}</tool_call>" })
        {
            parser.Append(piece, deltas);
        }

        parser.Complete(deltas);
        Assert.Equal(
            [new(0, "x", "f", ""), new(0, null, null, "{\"a\""), new(0, null, null, ": [1,"), new(0, null, null, " 2]}")],
            deltas.Select(delta => delta.Call!.Value));
        Assert.Equal(1, parser.Calls);
    }

    [Theory]
    [InlineData(ToolCallStyle.Hermes, "<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":", "call 0 id0 f {\"a\":")]
    [InlineData(ToolCallStyle.Hermes, "<tool_call>{\"name\":\"f\",\"arguments\":{\"a\" oh</tool_call>", "call 0 id0 f {\"a\" ", "oh</tool_call>")]
    [InlineData(ToolCallStyle.Hermes, "<tool_call>{\"name\":\"f\",\"arguments\":{}} oh", "call 0 id0 f {}", " oh")]
    [InlineData(ToolCallStyle.Hermes, "<tool_call>{\"name\":\"f\",\"arguments\":{}, oh", "call 0 id0 f {}", ", oh")]
    [InlineData(ToolCallStyle.Mistral, "[TOOL_CALLS][{\"name\":\"f\",\"arguments\":{}}, {\"name\": oh", "call 0 id0 f {}", ", {\"name\": oh")]
    public void An_announced_call_that_breaks_off_keeps_what_it_has(ToolCallStyle style, string text, params string[] expected) =>
        Assert.Equal(expected, Answer.Parse(style, [text], ToolCallDelivery.Incremental));

    [Fact]
    public void A_long_answer_is_parsed_in_time_that_grows_with_its_length()
    {
        var text = string.Concat(Enumerable.Repeat("<tool_call>{\"", 100_000));
        Assert.Equal(text, string.Concat(Answer.Parse(ToolCallStyle.Hermes, Answer.Cut(text, [7]))));
    }
}
