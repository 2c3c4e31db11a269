using Crescent.Lab.Traces;

namespace Crescent.Tests.Lab.Traces;

public sealed class WorkflowFileTests : IDisposable
{
    /// <summary>A parent that starts a child, goes on meanwhile, and waits for it before its last call; and a call that has to do with none. Hashes of 64 bits.</summary>
    internal const string Agents =
        """
        {"request_id":"p1","session_id":"parent","input_length":1024,"output_length":5,"hash_ids":[18446744073709551615,18446744073709551614],"timestamp":1000.0,"prefix_reset":true,"branches":["c1"]}
        {"request_id":"p3","session_id":"parent","input_length":1600,"output_length":7,"hash_ids":[18446744073709551615,18446744073709551614,4294967296,4294967297],"timestamp":9000,"delay":100,"tool_wait_ms":50.0,"wait_for":["p2","c1"]}
        {"request_id":"p2","session_id":"parent","input_length":1100,"output_length":6,"hash_ids":[18446744073709551615,18446744073709551614,4294967296],"timestamp":2000,"delay_ms":20,"wait_for":["p1"]}
        {"request_id":"c1","session_id":"child","input_tokens":600,"output_tokens":3,"hash_ids":[7,8],"timestamp":1500,"delay":10,"wait_for":["p1"],"prefix_reset":true,"tool_events":[{"tool_class":"x"}]}
        {"request_id":"lone","input_length":100,"output_length":3,"hash_ids":[7],"timestamp":500}

        """;

    /// <summary>Two sessions, each line with what it adds.</summary>
    internal const string Turns =
        """
        {"session_id":"a","input_length":600,"output_length":50,"hash_ids":[0,1],"timestamp":2000.0,"group_id":4}
        {"session_id":"b","input_length":512,"output_length":10,"hash_ids":[0],"timestamp":2500}
        {"session_id":"a","input_length":100,"output_length":60,"hash_ids":[2],"delay":1500.5}
        {"session_id":"b","input_length":80,"output_length":10,"timestamp":4000}

        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Calls_that_wait_for_one_another_are_one_workflow_in_an_order_in_which_they_can_be_made()
    {
        var trace = WorkflowFile.Read(Write(Agents));
        Assert.Equal([(0.0, 1), (0.5, 4)], trace.Workflows.Select(static workflow => (workflow.Seconds!.Value, workflow.Calls.Count)));
        var calls = trace.Workflows[1].Calls;
        Assert.Equal(["parent", "parent", "child", "parent"], calls.Select(static call => call.Session));
        Assert.Equal([1024, 1100, 600, 1600], calls.Select(static call => call.PromptTokens));
        Assert.Equal([0, 0.02, 0.01, 0.15], calls.Select(static call => Math.Round(call.Pause, 9)));
        Assert.Equal([[], [0], [0], [1, 2]], calls.Select(static call => call.After));
        Assert.All(calls, static call => Assert.Null(call.Continues));

        // Each hash of 64 bits is itself and no other, the last block has what is left.
        Assert.Equal(calls[0].Prompt, calls[3].Prompt[..2]);
        Assert.Equal(4, calls[3].Prompt.Select(static stretch => stretch.Block).Distinct().Count());
        Assert.Equal([512, 512, 512, 64], calls[3].Prompt.Select(static stretch => stretch.Tokens));
        Assert.Equal(calls[2].Prompt[0].Block, trace.Workflows[0].Calls[0].Prompt[0].Block);
    }

    [Fact]
    public void Turns_of_a_session_add_to_all_before_them_and_wait_for_the_answer()
    {
        var trace = WorkflowFile.Read(Write(Turns));
        Assert.True(trace.HasTimes);
        Assert.Equal([0, 0.5], trace.Workflows.Select(static workflow => workflow.Seconds!.Value));
        var calls = trace.Workflows[0].Calls;
        Assert.Equal([(600, 0.0), (750, 1.5005)], calls.Select(static call => (call.PromptTokens, Math.Round(call.Pause, 9))));
        Assert.Equal((0, 100), (calls[1].Continues!.Value, calls[1].Prompt.Single().Tokens));

        // Where no delay is told, the moments say it.
        Assert.Equal(1.5, trace.Workflows[1].Calls[1].Pause, 9);
    }

    [Fact]
    public void What_does_not_fit_a_context_is_left_out_with_what_waits_for_it()
    {
        var trace = WorkflowFile.Read(Write(Agents));
        var calls = trace.Within(1100).Workflows[1].Calls;
        Assert.Equal([1024, 600], calls.Select(static call => call.PromptTokens));
        Assert.Equal([0], calls[1].After);
        Assert.Equal([0], WorkflowFile.Read(Write(Turns)).Within(700).Workflows[0].Calls.Select(static call => call.After.Length));
        Assert.Throws<FormatException>(() => trace.Within(50));
    }

    [Fact]
    public void Names_may_be_numbers_and_none_may_be_null()
    {
        var calls = WorkflowFile.Read(Write(
            """
            {"request_id":1,"input_length":5,"output_length":5,"wait_for":null}
            {"request_id":2,"input_length":5,"output_length":5,"wait_for":[1,null]}

            """)).Workflows.Single().Calls;
        Assert.Equal([[], [0]], calls.Select(static call => call.After));
    }

    [Fact]
    public void The_longest_call_is_read_and_left_out_where_it_does_not_fit()
    {
        var trace = WorkflowFile.Read(Write("""{"request_id":1,"input_length":2147483640,"output_length":7,"hash_ids":[1]}"""));
        Assert.Equal([new PromptStretch(1, 512)], trace.Workflows.Single().Calls.Single().Prompt);
        Assert.Throws<FormatException>(() => trace.Within(1000));
    }

    [Fact]
    public void Such_a_file_is_told_from_other_traces()
    {
        Assert.True(WorkflowFile.IsOne(Write(Agents)));
        Assert.True(WorkflowFile.IsOne(Write(Turns)));
        Assert.False(WorkflowFile.IsOne(Write("""{"timestamp": 0, "input_length": 1024, "output_length": 20, "hash_ids": [1]}""")));
        Assert.False(WorkflowFile.IsOne(Write(SessionTraceTests.Talk)));
        Assert.False(WorkflowFile.IsOne(Write("TIMESTAMP,ContextTokens,GeneratedTokens\n")));
        Assert.False(WorkflowFile.IsOne(_folder.At("nowhere")));
    }

    [Theory]
    [InlineData("""{"request_id":"a","input_length":5,"output_length":5,"wait_for":["b"]}""", "line 1 waits for 'b', which no line has")]
    [InlineData("""{"request_id":"a","input_length":5,"output_length":5,"wait_for":["b"]}|{"request_id":"b","input_length":5,"output_length":5,"wait_for":["a"]}""", "line 1 waits for itself")]
    [InlineData("""{"request_id":"a","input_length":5,"output_length":5}|{"request_id":"a","input_length":5,"output_length":5}""", "line 2 has the request_id 'a' of another line")]
    [InlineData("""{"request_id":"a","input_length":5,"output_length":5}|{"session_id":"a","input_length":5,"output_length":5}""", "line 2 has no request_id, others differ")]
    [InlineData("""{"session_id":"a","input_length":5,"output_length":5,"wait_for":["b"]}""", "line 1 waits for others, which goes with lines that have a request_id")]
    [InlineData("""{"session_id":"a","messages":[],"output_length":5}""", "'messages' is not known here")]
    [InlineData("""{"session_id":"a","output_length":5}""", "it has no input_length")]
    [InlineData("""{"session_id":"a","input_length":5,"output_length":5,"hash_ids":["x"]}""", "line 1 must be a JSON object")]
    [InlineData("""{"request_id":"a","input_length":2147483647,"output_length":5}""", "its prompt and answer have 2147483652 tokens")]
    [InlineData("""{"session_id":"a","input_length":2000000000,"output_length":5}|{"session_id":"a","input_length":2000000000,"output_length":5}""", "line 2 brings the prompt and answer of session 'a' to 4000000010 tokens")]
    [InlineData("", "there is no call in it")]
    public void A_fault_is_named(string text, string said)
    {
        var fault = Assert.Throws<FormatException>(() => WorkflowFile.Read(Write(text.Replace('|', '\n'))));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
    }

    private string Write(string text)
    {
        var path = _folder.At("agents.jsonl");
        File.WriteAllText(path, text);
        return path;
    }
}
