using System.Text.Json.Nodes;
using Crescent.Client.Commands;

namespace Crescent.Tests.Client.Commands;

public sealed class AgentsCommandTests
{
    private readonly FakeFactory _factory = new();
    private readonly FakeTerminal _terminal = new();

    [Fact]
    public async Task Tasks_are_listed_a_row_each()
    {
        Assert.Equal(0, await Run("--limit", "7"));
        Assert.Matches(@"agent-of-7 +waiting for approval +react .* - +- +- +- +What is 71 \* 913\?", _terminal.Output);
        Assert.Matches(@"agent-old +done +direct +01-01 00:00:00 +3\.0 s +1,234 +2\.50 J +24 +hi", _terminal.Output);
    }

    [Fact]
    public async Task Json_lists_them_as_one_document()
    {
        Assert.Equal(0, await Run("--json"));
        Assert.Equal(["agent-of-100", "agent-old"], JsonNode.Parse(_terminal.Output)!["data"]!.AsArray().Select(static task => (string?)task!["id"]));
    }

    [Fact]
    public async Task A_task_is_shown_with_answer_trace_and_bill()
    {
        Assert.Equal(0, await Run("show", "agent-7"));
        Assert.StartsWith("24\n", _terminal.Output, StringComparison.Ordinal);
        Assert.Contains("agent-7 · self-consistency · done", _terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_is_watched_from_its_beginning()
    {
        Assert.Equal(0, await Run("watch", "agent-7", "--json"));
        Assert.Equal([("agent-7", 0)], _factory.Tasks.Watched);
        Assert.Equal("agent-7", (string?)JsonNode.Parse(_terminal.Output)!["id"]);
    }

    [Fact]
    public async Task A_task_is_cancelled_and_its_calls_are_approved_or_rejected()
    {
        Assert.Equal(0, await Run("cancel", "agent-7"));
        Assert.Equal(0, await Run("approve", "agent-7", "abc"));
        Assert.Equal(0, await Run("reject", "agent-7", "abc", "--reason", "Not now."));
        Assert.Equal(["agent-7"], _factory.Tasks.Cancelled);
        Assert.Equal([("agent-7", "abc", true, null), ("agent-7", "abc", false, "Not now.")], _factory.Tasks.Decided);
    }

    [Theory]
    [InlineData("--limit takes a whole number from 1 to 100000, not '0'.", "--limit", "0")]
    [InlineData("'..' is no task: it must be an id that `agents` lists.", "show", "..")]
    [InlineData("Required argument missing for command: 'approve'.", "approve", "agent-7")]
    [InlineData("--reason takes 1 to 1000 characters.", "reject", "agent-7", "abc", "--reason", "")]
    public async Task A_wrong_command_line_is_refused_in_words(string words, params string[] args)
    {
        Assert.Equal(1, await Run(args));
        Assert.Contains(words, _terminal.Error, StringComparison.Ordinal);
        Assert.Empty(_factory.Connected);
    }

    private Task<int> Run(params string[] args) => ClientCommandLine.Run(["agents", .. args, "--url", "http://host"], _terminal.Terminal, _factory.Connect);
}
