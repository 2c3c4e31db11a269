using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Connections;

namespace Crescent.Tests.Client.Commands;

public sealed class RunCommandTests
{
    private readonly FakeFactory _factory = new();

    [Fact]
    public async Task The_answer_goes_to_the_output_and_its_summary_to_the_error()
    {
        var terminal = new FakeTerminal();
        Assert.Equal(0, await Run(terminal, "run", "What is 23 + 48?"));
        Assert.Equal("23 + 48 = 71\n", terminal.Output);
        Assert.Equal(
            "12 tokens in, 5 out · 20.0 tokens/s · 1.50 J modelled · device-1/cpu · queue 1 ms, prefill 20 ms, decode 200 ms\n", terminal.Error);
    }

    [Fact]
    public async Task A_dash_reads_the_prompt_from_the_input()
    {
        Assert.Equal(0, await Run(new FakeTerminal("two\nlines\n"), "run", "-"));
        Assert.Equal("""[{"role":"user","content":"two\nlines"}]""", Assert.Single(_factory.Calls).Messages);
    }

    [Fact]
    public async Task An_empty_prompt_is_refused()
    {
        var terminal = new FakeTerminal("\n");
        Assert.Equal(1, await Run(terminal, "run", "-"));
        Assert.Equal("error: The prompt is empty. Give it as PROMPT, or pipe it in with -.\n", terminal.Error);
    }

    [Fact]
    public async Task Json_is_one_object_with_text_finish_and_usage()
    {
        var terminal = new FakeTerminal();
        _factory.Answer = (_, _) => FakeFactory.Words("J'ai ", "\"été\"");
        Assert.Equal(0, await Run(terminal, "run", "hi", "--json"));
        Assert.Equal(
            """
            {"text":"J'ai \"été\"","finish_reason":"stop","usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,"queue_seconds":0.001,"prefill_seconds":0.02,"decode_seconds":0.2,"tokens_per_second":20,"joules":1.5,"joules_source":"model","device":"device-1/cpu","simulated":false}}

            """,
            terminal.Output,
            ignoreLineEndingDifferences: true);
        Assert.Equal("", terminal.Error);
    }

    [Fact]
    public async Task A_factory_that_does_not_tell_the_joules_source_is_no_failure()
    {
        var terminal = new FakeTerminal();
        _factory.State = () => throw new FactoryException("No.", "None.");
        Assert.Equal(0, await Run(terminal, "run", "hi"));
        Assert.Contains("1.50 J · device-1/cpu", terminal.Error);
    }

    [Fact]
    public async Task A_failure_mid_answer_keeps_what_came_and_says_why_in_one_line()
    {
        var terminal = new FakeTerminal();
        _factory.Answer = (_, _) => FakeFactory.Fail(new FactoryException("Cluster run-7 broke off", "Ask again."), "23 +");
        Assert.Equal(1, await Run(terminal, "run", "hi"));
        Assert.Equal("23 +\n", terminal.Output);
        Assert.Equal("error: Cluster run-7 broke off. Ask again.\n", terminal.Error);
    }

    [Fact]
    public async Task A_failure_is_a_json_object_too()
    {
        var terminal = new FakeTerminal();
        _factory.Answer = (_, _) => FakeFactory.Fail(new FactoryException("Cluster run-7 broke off", "Ask again."), "23 +");
        Assert.Equal(1, await Run(terminal, "run", "hi", "--json"));
        var error = JsonNode.Parse(terminal.Output)!["error"]!;
        Assert.Equal(("Cluster run-7 broke off", "Ask again."), ((string?)error["message"], (string?)error["remedy"]));
        Assert.Equal("error: Cluster run-7 broke off. Ask again.\n", terminal.Error);
    }

    [Fact]
    public async Task Ctrl_C_cuts_the_answer_short()
    {
        var terminal = new FakeTerminal();
        _factory.Answer = (_, stop) => FakeFactory.Stall("23", () => Assert.True(terminal.Interrupts.Raise()), stop);
        Assert.Equal(130, await Run(terminal, "run", "hi"));
        Assert.Equal(("23\n", "cancelled\n"), (terminal.Output, terminal.Error));
    }

    [Fact]
    public async Task Control_characters_reach_a_file_but_not_a_terminal()
    {
        _factory.Answer = (_, _) => FakeFactory.Words("a\u001b[2Jb\tc");
        var file = new FakeTerminal();
        Assert.Equal(0, await Run(file, "run", "hi"));
        Assert.Equal("a\u001b[2Jb\tc\n", file.Output);
        var human = new FakeTerminal(human: true);
        Assert.Equal(0, await Run(human, "run", "hi"));
        Assert.Equal("a[2Jb\tc\n", human.Output);
    }

    private Task<int> Run(FakeTerminal terminal, params string[] args) => ClientCommandLine.Run(args, terminal.Terminal, _factory.Connect);
}
