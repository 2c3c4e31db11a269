using System.IO.Compression;
using System.Text;
using Crescent.Lab.Traces;

namespace Crescent.Tests.Lab.Traces;

public sealed class SessionTraceTests : IDisposable
{
    /// <summary>Two tasks, a sub-agent between the first two calls, and a night before the last.</summary>
    internal const string Talk =
        """{"id":"s","block_size":64,"requests":[{"t":0,"type":"n","in":130,"out":5,"hash_ids":[1,2],"stop":"tool_use","api_time":2,"think_time":0},"""
        + """{"t":12,"type":"subagent","agent_id":"a","duration_ms":9000,"requests":[{"t":0,"type":"n","in":64,"out":3,"hash_ids":[9],"stop":"end_turn","api_time":1,"think_time":0}]},"""
        + """{"t":15,"type":"n","in":200,"out":6,"hash_ids":[1,2,3],"stop":"end_turn","api_time":2,"think_time":13},"""
        + """{"t":40,"type":"n","in":260,"out":7,"hash_ids":[1,2,3,4],"stop":"","api_time":1,"think_time":23},"""
        + """{"t":9000,"type":"n","in":300,"out":8,"hash_ids":[1,2,3,4],"stop":"end_turn","api_time":1,"think_time":8959}]}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_call_knows_its_pause_its_sub_agents_and_whether_it_ends_a_task(bool packed)
    {
        var trace = SessionFile.Read(Write(Talk, packed));
        Assert.Equal("talk", trace.Name);
        Assert.Equal(["s/0", "s/3"], trace.Sessions.Select(static s => s.Name));
        var turns = trace.Sessions[0].Turns;
        Assert.Equal([(0.0, 130, 5, false), (3.0, 200, 6, true), (23.0, 260, 7, false)], turns.Select(static t => (t.Pause, t.PromptTokens, t.OutputTokens, t.EndsTask)));
        Assert.Equal([0, 1, 0], turns.Select(static t => t.Agents.Count));
        Assert.Equal(4, trace.Sessions[0].Calls);
        Assert.Equal(0, trace.Sessions[1].Turns[0].Pause);
    }

    [Fact]
    public void An_agent_that_nobody_keeps_waiting_has_one_session_with_short_pauses()
    {
        var session = Assert.Single(SessionFile.Read(Write(Talk, packed: false), mostPause: 10).Sessions);
        Assert.Equal([0.0, 3, 10, 10], session.Turns.Select(static turn => turn.Pause));
    }

    [Fact]
    public void Prompts_of_a_session_begin_alike_and_those_of_others_do_not()
    {
        var turns = SessionFile.Read(Write(Talk, packed: false)).Sessions[0].Turns;
        var first = SessionTrace.Prompt(turns[0], 1, 10, 32_768);
        var second = SessionTrace.Prompt(turns[1], 1, 11, 32_768);
        Assert.Equal((130, 200), (first.Length, second.Length));
        Assert.Equal(128, first.AsSpan().CommonPrefixLength(second));
        Assert.Equal(0, first.AsSpan().CommonPrefixLength(SessionTrace.Prompt(turns[0], 2, 12, 32_768)));
    }

    [Fact]
    public void A_session_ends_before_the_first_call_that_does_not_fit_the_context()
    {
        var trace = SessionFile.Read(Write(Talk, packed: false));
        Assert.Equal([2], trace.Within(206).Sessions.Select(static s => s.Turns.Count));
        Assert.Throws<FormatException>(() => trace.Within(60));
    }

    [Theory]
    [InlineData("""{"id":"s","block_size":16,"requests":[]}""", "block_size is 16, 64 is known")]
    [InlineData("""{"id":"s","block_size":64}""", "line 1 must be a session")]
    [InlineData("nonsense", "line 1 must be a session")]
    [InlineData("", "there is no session in it")]
    public void A_fault_is_named(string text, string said)
    {
        var fault = Assert.Throws<FormatException>(() => SessionFile.Read(Write(text, packed: false)));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
    }

    private string Write(string text, bool packed)
    {
        var path = _folder.At(packed ? "talk.jsonl.gz" : "talk.jsonl");
        using Stream file = packed ? new GZipStream(File.Create(path), CompressionLevel.Fastest) : File.Create(path);
        file.Write(Encoding.UTF8.GetBytes(text));
        return path;
    }
}
