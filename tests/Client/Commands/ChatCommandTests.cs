using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Connections;

namespace Crescent.Tests.Client.Commands;

public sealed class ChatCommandTests
{
    private const string Summary = "12 tokens in, 5 out · 20.0 tokens/s · 1.50 J modelled · device-1/cpu · queue 1 ms, prefill 20 ms, decode 200 ms\n";

    private readonly FakeFactory _factory = new();

    [Fact]
    public async Task Each_line_of_a_pipe_is_a_turn_of_one_conversation()
    {
        var terminal = new FakeTerminal("first\n\nsecond\n");
        Assert.Equal(0, await Run(terminal, "--system", "Be short."));
        Assert.Equal("23 + 48 = 71\n23 + 48 = 71\n", terminal.Output);
        Assert.Equal(Summary + Summary, terminal.Error);
        Assert.Equal(2, _factory.Calls.Count);
        Assert.Equal(
            """[{"role":"system","content":"Be short."},{"role":"user","content":"first"},{"role":"assistant","content":"23 \u002B 48 = 71"},{"role":"user","content":"second"}]""",
            _factory.Calls[1].Messages);
        Assert.Single(_factory.Connected);
        Assert.Equal(1, _factory.Disposals);
    }

    [Fact]
    public async Task Json_is_a_line_a_turn()
    {
        var terminal = new FakeTerminal("/help\nfirst\nsecond");
        Assert.Equal(0, await Run(terminal, "--json"));
        var turns = terminal.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToArray();
        Assert.Equal([1, 2], turns.Select(t => (int?)t["turn"]));
        Assert.All(turns, t =>
        {
            Assert.Equal(["turn", "text", "finish_reason", "usage"], t.AsObject().Select(p => p.Key));
            Assert.Equal(("23 + 48 = 71", "stop", 5), ((string?)t["text"], (string?)t["finish_reason"], (int?)t["usage"]!["completion_tokens"]));
        });
    }

    [Fact]
    public async Task Reset_forgets_the_turns_and_system_replaces_the_system_message()
    {
        await Run(new FakeTerminal("first\n/reset\nsecond\n/system You are a cat.\nthird\n/system\nfourth\n/exit\nfifth"), "--system", "Be short.");
        Assert.Equal(
            [
                """[{"role":"system","content":"Be short."},{"role":"user","content":"first"}]""",
                """[{"role":"system","content":"Be short."},{"role":"user","content":"second"}]""",
                """[{"role":"system","content":"You are a cat."},{"role":"user","content":"third"}]""",
                """[{"role":"user","content":"fourth"}]""",
            ],
            _factory.Calls.Select(c => c.Messages));
    }

    [Fact]
    public async Task A_wrong_command_is_not_sent_and_a_double_slash_sends_one()
    {
        var terminal = new FakeTerminal("/sytem x\n//etc/hosts\n/help\n");
        Assert.Equal(0, await Run(terminal));
        Assert.Equal("""[{"role":"user","content":"/etc/hosts"}]""", Assert.Single(_factory.Calls).Messages);
        Assert.Contains("There is no /sytem; /help lists what can be typed.", terminal.Error);
        Assert.All(["/help", "/reset", "/system TEXT", "/exit"], name => Assert.Contains($"\n{name} ", "\n" + terminal.Error));
    }

    [Fact]
    public async Task A_human_is_greeted_prompted_and_told_what_each_answer_took()
    {
        var terminal = new FakeTerminal("first\n/exit\n", human: true);
        Assert.Equal(0, await Run(terminal));
        Assert.Equal(
            $"Crescent Tiny on 2 device(s) of run-7; /help lists what can be typed.\n> 23 + 48 = 71\n{Summary}> ", terminal.Output);
        Assert.Equal("", terminal.Error);
    }

    [Fact]
    public async Task A_human_goes_on_after_a_lost_connection_over_a_new_one()
    {
        var terminal = new FakeTerminal("first\nsecond\n", human: true);
        _factory.Answer = (_, _) => _factory.Calls.Count == 1
            ? FakeFactory.Fail(new FactoryException("It broke off", "Ask again.") { ConnectionLost = true }, "23")
            : FakeFactory.Words("71");
        Assert.Equal(0, await Run(terminal));
        Assert.Equal("error: It broke off. Ask again.\n", terminal.Error);
        Assert.Equal("""[{"role":"user","content":"second"}]""", _factory.Calls[1].Messages);
        Assert.Equal((2, 2), (_factory.Connected.Count, _factory.Disposals));
    }

    [Fact]
    public async Task A_pipe_stops_at_the_first_failure()
    {
        var terminal = new FakeTerminal("first\nsecond\n");
        _factory.Answer = (_, _) => FakeFactory.Fail(new FactoryException("It broke off", "Ask again."));
        Assert.Equal(1, await Run(terminal, "--json"));
        Assert.Single(_factory.Calls);
        Assert.Equal("It broke off", (string?)JsonNode.Parse(terminal.Output)!["error"]!["message"]);
    }

    [Fact]
    public async Task Ctrl_C_cuts_an_answer_short_and_at_the_prompt_leaves()
    {
        using var keyboard = new Keyboard();
        keyboard.Type("first");
        var terminal = new FakeTerminal(keyboard, human: true);
        _factory.Answer = (_, stop) => FakeFactory.Stall("23", () => Assert.True(terminal.Interrupts.Raise()), stop);
        var chat = Run(terminal);
        await keyboard.Waiting(lines: 2);
        Assert.False(chat.IsCompleted);
        Assert.Contains("23\ncancelled\n> ", terminal.Output);
        Assert.True(terminal.Interrupts.Raise());
        Assert.Equal(0, await chat.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Ctrl_C_ends_a_chat_from_a_pipe()
    {
        var terminal = new FakeTerminal("first\nsecond\n");
        _factory.Answer = (_, stop) => FakeFactory.Stall("23", () => Assert.True(terminal.Interrupts.Raise()), stop);
        Assert.Equal(130, await Run(terminal));
        Assert.Single(_factory.Calls);
    }

    private Task<int> Run(FakeTerminal terminal, params string[] args) =>
        ClientCommandLine.Run(["chat", .. args], terminal.Terminal, _factory.Connect);

    /// <summary>Input that comes when it is typed.</summary>
    private sealed class Keyboard : TextReader
    {
        private readonly BlockingCollection<string> _lines = [];
        private readonly SemaphoreSlim _reads = new(0);

        public void Type(string line) => _lines.Add(line);

        /// <summary>Completes when that many lines have been asked for.</summary>
        public async Task Waiting(int lines)
        {
            for (var i = 0; i < lines; i++)
            {
                Assert.True(await _reads.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            }
        }

        public override string? ReadLine()
        {
            _reads.Release();
            try
            {
                return _lines.Take();
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }

        protected override void Dispose(bool disposing)
        {
            _lines.CompleteAdding();
            base.Dispose(disposing);
        }
    }
}
