using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Tests.Client.Commands;

public sealed class AgentCommandTests
{
    private static readonly AgentNews[] Story =
    [
        new() { Number = 1, Kind = "step_started", Step = "sample-0", Label = "sample 1" },
        new() { Kind = "tokens", Step = "sample-0", Text = "Step 1: 3 * 4" },
        new() { Kind = "waiting", Step = "sample-0", Text = "no device has room" },
        new() { Number = 2, Kind = "step_finished", Step = "sample-0", Label = "sample 1", Outcome = "done", Text = "Step 1: 3 * 4 = 12\nAnswer: 24", OutputTokens = 22, Seconds = 1, Joules = 2 },
        new() { Number = 3, Kind = "vote", Text = "24: 1.00; confidence 0.750" },
        new() { Number = 4, Kind = "done", Text = "24" },
    ];

    private readonly FakeFactory _factory = new();
    private readonly FakeTerminal _terminal = new();

    [Fact]
    public async Task Every_option_goes_into_the_submission()
    {
        Assert.Equal(0, await Run(
            "How many?", "--strategy", "self-consistency", "--samples", "16", "--model", "m", "--system", "Be short.", "--seed", "7", "--tenant", "acme", "--budget-tokens", "5000",
            "--budget-joules", "2.5", "--deadline", "60", "--parallelism", "4", "--tool-calls", "3", "--tool", "calculator", "--tool", "search", "--setting", "confidence=0.9",
            "--setting", "verify=true", "--setting", "max_tokens=64", "--priority", "batch", "--idempotency-key", "mine"));
        var submission = Assert.Single(_factory.Tasks.Submitted);
        Assert.Equal("mine", submission.Key);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse(
                """
                {"problem":"How many?","strategy":"self-consistency","priority":"batch","model":"m","system":"Be short.","seed":7,"user":"acme","tools":["calculator","search"],
                 "settings":{"confidence":0.9,"verify":true,"max_tokens":64,"samples":16},"budget":{"tokens":5000,"joules":2.5,"seconds":60,"parallelism":4,"tool_calls":3}}
                """),
            JsonNode.Parse(submission.Body.ToJsonString())), submission.Body.ToJsonString());
    }

    [Fact]
    public async Task What_is_left_open_is_not_sent()
    {
        Assert.Equal(0, await Run("How many?"));
        Assert.Equal("""{"problem":"How many?","strategy":"chain-of-thought","priority":"standard"}""", Assert.Single(_factory.Tasks.Submitted).Body.ToJsonString());
    }

    [Fact]
    public async Task Output_that_is_no_terminal_has_answer_trace_and_bill_and_the_story_goes_beside_it()
    {
        _factory.Tasks.News = static (_, _, _) => FakeAgents.Tell(Story);
        Assert.Equal(0, await Run("How many?"));
        Assert.StartsWith("24\n", _terminal.Output, StringComparison.Ordinal);
        Assert.All(["trace", "sample 2 · cut · 18 tokens, 500 ms, 1.00 J", "Answer: 24", "2 calls", "3.000", "confidence 0.970", "2.0 s from its submission"], part => Assert.Contains(part, _terminal.Output, StringComparison.Ordinal));
        Assert.Equal(
            [
                "self-consistency · agent-0", "sample 1 begins", "sample 1 waits: no device has room", "sample 1 done: 22 tokens, 1.0 s, 2.00 J · Step 1: 3 * 4 = 12 Answer: 24", "vote: 24: 1.00; confidence 0.750",
            ],
            _terminal.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_terminal_sees_the_tree_with_the_end_of_each_text()
    {
        var terminal = new FakeTerminal(human: true, width: 120);
        _factory.Tasks.News = static (_, _, _) => FakeAgents.Tell(Story);
        Assert.Equal(0, await Run(terminal, "How many?"));
        Assert.Contains("sample 1 · waits: no device has room", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("sample 1 · done · 22 tokens, 1.0 s, 2.00 J · Step 1: 3 * 4 = 12 Answer: 24", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("vote · 24: 1.00; confidence 0.750", terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bill_tells_attempts_that_came_to_nothing_in_a_line_of_their_own()
    {
        _factory.Tasks.News = static (_, _, _) => FakeAgents.Tell(Story);
        Assert.Equal(0, await Run("How many?"));
        Assert.DoesNotContain("lost", _terminal.Output, StringComparison.Ordinal);
        var ended = FakeAgents.Task("agent-1");
        _factory.Tasks.End = (_, _) => ended with { Bill = ended.Bill with { Lost = new AgentLoss { Attempts = 3, PromptTokens = 1234, OutputTokens = 17, Joules = 0.25 } } };
        Assert.Equal(0, await Run("How many?"));
        Assert.Matches(@"lost +3 attempts +1,234 +17 +0\.250", _terminal.Output);
    }

    [Fact]
    public async Task Json_is_the_final_view_and_nothing_else()
    {
        _factory.Tasks.News = static (_, _, _) => FakeAgents.Tell(Story);
        Assert.Equal(0, await Run("How many?", "--json"));
        var document = JsonNode.Parse(_terminal.Output)!;
        Assert.Equal(("agent-0", "done", "24", 2, 3.0, 2), ((string?)document["id"], (string?)document["state"], (string?)document["answer"], (int?)document["bill"]!["calls"], (double?)document["bill"]!["joules"], document["steps"]!.AsArray().Count));
        Assert.Equal("", _terminal.Error);
    }

    [Fact]
    public async Task Ctrl_C_leaves_the_task_running_and_says_how_to_watch_or_end_it()
    {
        _factory.Tasks.News = (_, _, cancel) => FakeAgents.Stall(() => _terminal.Interrupts.Raise(), cancel, Story[0]);
        Assert.Equal(130, await Run("How many?"));
        Assert.Contains("agent-0 goes on. Watch it with: agents watch agent-0 --url http://host · end it with: agents cancel agent-0 --url http://host", _terminal.Error, StringComparison.Ordinal);
        Assert.Empty(_factory.Tasks.Cancelled);
        Assert.Equal("", _terminal.Output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_call_that_needs_approval_is_shown_with_how_to_approve_it(bool human)
    {
        var terminal = new FakeTerminal(human: human);
        var asks = new AgentNews { Number = 1, Kind = "approval", Step = "tool-0", Label = "send_message", Text = """{"to":"Ann"}""", Hash = "abc" };
        _factory.Tasks.News = (_, _, _) => FakeAgents.Tell(asks, Story[^1]);
        Assert.Equal(0, await Run(terminal, "Tell Ann."));
        var shown = human ? terminal.Output : terminal.Error;
        Assert.Contains("agents approve agent-0 abc --url http://host", shown, StringComparison.Ordinal);
        Assert.Contains("agents reject agent-0 abc --reason TEXT --url http://host", shown, StringComparison.Ordinal);
        Assert.Contains("""{"to":"Ann"}""", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_model_writes_cannot_drive_the_terminal()
    {
        var terminal = new FakeTerminal(human: true);
        _factory.Tasks.End = static (_, _) => FakeAgents.Task("agent-0") with
        {
            Answer = "\u001b[2J24",
            Steps = [FakeAgents.Task("x").Steps[0] with { Text = "\u001b]0;title\u0007 24" }],
        };
        _factory.Tasks.News = static (_, _, _) => FakeAgents.Tell(Story[3] with { Text = "\u001b[31mred" }, Story[^1]);
        Assert.Equal(0, await Run(terminal, "How many?"));
        Assert.DoesNotContain("\u001b[2J", terminal.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[31m", terminal.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u0007", terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_fails_is_a_failure_and_its_cause_is_shown()
    {
        _factory.Tasks.End = static (_, _) => FakeAgents.Task("agent-0") with { State = "failed", Answer = null, Cause = "The plan has no steps." };
        Assert.Equal(1, await Run("How many?"));
        Assert.Contains("failed · The plan has no steps.", _terminal.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--samples takes a whole number from 1 to 128, not '0'.", "--samples", "0")]
    [InlineData("--budget-tokens takes a whole number of at least 1, not '0'.", "--budget-tokens", "0")]
    [InlineData("--budget-joules takes a number above 0, not '0'.", "--budget-joules", "0")]
    [InlineData("--deadline takes a number above 0 and at most 604800, a week, not '604801'.", "--deadline", "604801")]
    [InlineData("--parallelism takes a whole number from 1 to 256, not '257'.", "--parallelism", "257")]
    [InlineData("--tool-calls takes a whole number from 0 to 4096, not '-1'.", "--tool-calls", "-1")]
    [InlineData("--seed takes a whole number of at least 0, not '-1'.", "--seed", "-1")]
    [InlineData("--priority takes interactive, standard or batch, not 'high'.", "--priority", "high")]
    [InlineData("--setting takes NAME=VALUE, such as temperature=0.7, not 'beam'.", "--setting", "beam")]
    [InlineData("--setting knows no 'width'; it takes samples, window,", "--setting", "width=3")]
    [InlineData("--setting beam takes a whole number from 1 to 16, not '17'.", "--setting", "beam=17")]
    [InlineData("--setting beam takes a whole number in its range, not '1.5'.", "--setting", "beam=1.5")]
    [InlineData("--setting confidence takes a number from 0.5 to 1, not '0.4'.", "--setting", "confidence=0.4")]
    [InlineData("--setting verify takes true or false, not 'yes'.", "--setting", "verify=yes")]
    [InlineData("--idempotency-key takes 1 to 255 printable ASCII characters, not 'é'.", "--idempotency-key", "é")]
    public async Task A_wrong_option_is_refused_with_what_it_takes_and_nothing_is_sent(string words, string option, string value)
    {
        Assert.Equal(1, await Run("How many?", option, value));
        Assert.Contains(words, _terminal.Error, StringComparison.Ordinal);
        Assert.Empty(_factory.Connected);
    }

    [Fact]
    public async Task A_way_that_does_not_lead_to_agents_is_refused_with_the_one_that_does()
    {
        var code = await ClientCommandLine.Run(["agent", "hi", "--url", "http://host"], _terminal.Terminal, static (_, _) => Task.FromResult<IFactoryConnection>(new WithoutAgents()));
        Assert.Equal((1, "error: Agents are reached over HTTP alone. Name a front end with --url.\n"), (code, _terminal.Error));
    }

    private Task<int> Run(params string[] args) => Run(_terminal, args);

    private Task<int> Run(FakeTerminal terminal, params string[] args) =>
        ClientCommandLine.Run(["agent", .. args, "--url", "http://host"], terminal.Terminal, _factory.Connect);

    private sealed class WithoutAgents : IFactoryConnection
    {
        public IAsyncEnumerable<Microsoft.Extensions.AI.ChatResponseUpdate> Chat(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, Microsoft.Extensions.AI.ChatOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Crescent.Grains.Contracts.Factory.FactorySnapshot> GetFactory(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task Drain(string device, bool drained, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task LoadModel(string device, string model, double drainSeconds, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Crescent.Grains.Contracts.Planning.PlannerSnapshot> GetPlan(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Crescent.Grains.Contracts.Power.PowerSnapshot> GetPower(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Crescent.Grains.Contracts.Power.PowerSnapshot> SetBudgets(Crescent.Grains.Contracts.Power.PowerBudgetSettings budgets, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Crescent.Grains.Contracts.Factory.DecisionAnswer> GetDecisions(string requestId, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
