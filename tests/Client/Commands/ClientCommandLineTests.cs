using Crescent.Client.Commands;

namespace Crescent.Tests.Client.Commands;

public sealed class ClientCommandLineTests
{
    private readonly FakeFactory _factory = new();
    private readonly FakeTerminal _terminal = new();

    [Fact]
    public async Task Help_lists_the_commands_and_no_arguments_ask_for_help()
    {
        Assert.Equal(0, await Run());
        Assert.All(["chat", "run <PROMPT>", "top"], name => Assert.Contains(name, _terminal.Output));
    }

    [Theory]
    [InlineData("chat", "--max-tokens --temperature --top-p --seed --system --url --cluster --timeout --json --verbose")]
    [InlineData("run", "--max-tokens --temperature --top-p --seed --system --url --cluster --timeout --json --verbose")]
    [InlineData("top", "--once --url --cluster --timeout --json --verbose")]
    [InlineData("agent", "--strategy --samples --model --system --seed --tenant --budget-tokens --budget-joules --deadline --parallelism --tool-calls --tool --setting --priority --idempotency-key --url --cluster --timeout --json --verbose")]
    [InlineData("agents", "--limit --url --cluster --timeout --json --verbose")]
    [InlineData("eval", "--strategy --samples --confidence --limit --seed --parallel --setting --model --priority --out --url --cluster --timeout --json --verbose")]
    [InlineData("drain", "--undo --no-wait --wait --url --cluster --timeout --json --verbose")]
    public async Task Help_of_a_command_lists_every_option_with_its_default(string command, string options)
    {
        Assert.Equal(0, await Run(command, "--help"));
        var lines = _terminal.Output.Split('\n');
        foreach (var option in options.Split(' '))
        {
            var line = Assert.Single(lines, l => l.TrimStart().StartsWith(option + " ", StringComparison.Ordinal));
            Assert.Matches(@"\(default: .+\)|\[default: .+\]", line);
        }
    }

    [Theory]
    [InlineData("--max-tokens takes a whole number of at least 1, not '0'.", "run", "hi", "--max-tokens", "0")]
    [InlineData("--max-tokens takes a whole number of at least 1, not 'many'.", "run", "hi", "--max-tokens", "many")]
    [InlineData("--temperature takes a number from 0 to 2, not '-1'.", "chat", "--temperature", "-1")]
    [InlineData("--temperature takes a number from 0 to 2, not 'NaN'.", "chat", "--temperature", "NaN")]
    [InlineData("--top-p takes a number above 0 and at most 1, not '0'.", "chat", "--top-p", "0")]
    [InlineData("--seed takes a whole number, not '1.5'.", "run", "hi", "--seed", "1.5")]
    [InlineData("--timeout takes a number of seconds above 0 and at most a day, not '0'.", "top", "--timeout", "0")]
    [InlineData("--url takes an address that begins with http:// or https://, not 'localhost:8080'.", "top", "--url", "localhost:8080")]
    [InlineData("--cluster names a file that does not exist: nowhere.json", "top", "--cluster", "nowhere.json")]
    [InlineData("--url and --cluster exclude each other: one goes over HTTP, the other over Orleans.", "top", "--url", "http://a", "--cluster", "x")]
    [InlineData("Required argument missing for command: 'run'.", "run")]
    [InlineData("Unrecognized command or argument 'tops'.", "tops")]
    public async Task A_wrong_command_line_is_refused_in_words_and_calls_nobody(string words, params string[] args)
    {
        Assert.Equal(1, await Run(args));
        Assert.Contains(words, _terminal.Error);
        Assert.DoesNotContain("Exception", _terminal.Error);
        Assert.Empty(_factory.Connected);
    }

    [Fact]
    public async Task Options_reach_the_call_and_the_connection()
    {
        Assert.Equal(0, await Run(
            "run", "@hello", "--max-tokens", "9", "--temperature", "0.5", "--top-p", ".9", "--seed", "-3", "--system", "Be short.",
            "--url", "http://host:1/v1", "--timeout", "2.5", "--verbose"));
        var call = Assert.Single(_factory.Calls);
        Assert.Equal(((int?)9, (float?).5f, (float?).9f, (long?)-3L), (call.Options.MaxOutputTokens, call.Options.Temperature, call.Options.TopP, call.Options.Seed));
        Assert.Equal("""[{"role":"system","content":"Be short."},{"role":"user","content":"@hello"}]""", call.Messages);
        var settings = Assert.Single(_factory.Connected);
        Assert.Equal((new Uri("http://host:1/v1"), TimeSpan.FromSeconds(2.5), true), (settings.Url, settings.Timeout, settings.Verbose));
        Assert.Equal(1, _factory.Disposals);
    }

    [Fact]
    public async Task Without_options_the_call_is_greedy_and_the_connection_local()
    {
        Assert.Equal(0, await Run("run", "hi"));
        var call = Assert.Single(_factory.Calls);
        Assert.Equal(((int?)null, (float?)0f, (float?)1f, (long?)null), (call.Options.MaxOutputTokens, call.Options.Temperature, call.Options.TopP, call.Options.Seed));
        var settings = Assert.Single(_factory.Connected);
        Assert.Equal((null, null, TimeSpan.FromSeconds(30), false), (settings.Url, settings.Cluster, settings.Timeout, settings.Verbose));
    }

    private Task<int> Run(params string[] args) => ClientCommandLine.Run(args, _terminal.Terminal, _factory.Connect);
}
