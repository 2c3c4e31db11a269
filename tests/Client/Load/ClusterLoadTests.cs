using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Grains.Contracts.Chat;
using Crescent.Sdk;
using Microsoft.Extensions.AI;

namespace Crescent.Tests.Client.Load;

/// <summary>A load over Orleans, on a factory that answers as it is told.</summary>
public sealed class ClusterLoadTests
{
    private readonly FakeFactory _factory = new() { Answer = static (asked, _) => Answer(asked) };

    [Fact]
    public async Task Chats_are_measured_as_over_HTTP()
    {
        var document = await Run(0, "--requests", "4", "--prompt", "100", "--output", "6", "--model", "other", "--extra", """{"temperature":0,"seed":7}""");
        Assert.Equal(("run-7 over Orleans", "other"), ((string?)document["server"], (string?)document["model"]));
        var metrics = document["metrics"]!;
        Assert.Equal((4, 4, 4, 8, 4), (Count("ttft"), Count("ttfo"), Count("itl"), Count("icl"), Count("latency")));
        Assert.True((double)metrics["ttfo"]!["min"]! >= (double)metrics["ttft"]!["min"]!);

        // A word has a token and a half here, and the template three: the scale is found by the usage of two calls.
        var tokens = document["tokens"]!;
        Assert.Equal(("usage", 1.5, 24, 4), ((string?)tokens["tokens_per_word_by"], (double)tokens["tokens_per_word"]!, (int)tokens["by_usage"]!, (int)tokens["reasoning_chunks"]!));
        Assert.InRange((int)tokens["prompt"]!, 396, 404);
        Assert.Equal((8, true), ((double)document["energy"]!["joules"]!, (bool)document["energy"]!["simulated"]!));

        // The factory's own power, by its snapshot over the same way.
        Assert.Equal(35.2, (double)document["factory"]!["watts"]!, 6);
        var asked = _factory.Calls[^1].Options;
        Assert.Equal(("other", 6), (asked.ModelId, asked.MaxOutputTokens));
        Assert.Equal("""{"temperature":0,"seed":7}""", ((JsonObject)asked.RawRepresentationFactory!(null!)!).ToJsonString());
        Assert.Equal(1, _factory.Disposals);

        int Count(string name) => (int)metrics[name]!["count"]!;
    }

    [Fact]
    public async Task Turns_of_a_session_go_by_its_name()
    {
        await Run(0, "--requests", "2", "--turns", "2", "--tokens-per-word", "1");
        Assert.Equal(["load-0-0", "load-0-0", "load-0-1", "load-0-1"], _factory.Calls.Select(static call => call.Options.ConversationId));
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("timed_out")]
    [InlineData("cut")]
    [InlineData("failed")]
    public async Task Failures_are_counted_by_kind(string kind)
    {
        var failure = kind switch
        {
            "refused" => new FactoryException("The cluster is full", "Wait.", new ChatRefusedException("full", TimeSpan.FromSeconds(1))),
            "timed_out" => new FactoryException("It gave no sign", "Wait.", new TimeoutException()),
            "cut" => new FactoryException("It broke off", "Ask again.") { ConnectionLost = true },
            _ => new FactoryException("It failed", "See the log."),
        };
        _factory.Answer = (_, _) => FakeFactory.Fail(failure, " a");
        var document = await Run(1, "--requests", "3", "--tokens-per-word", "1");
        Assert.Equal(3, (int)document["calls"]![kind]!);
        Assert.Contains(failure.Message, (string?)document["faults"]![0]!["example"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chats_that_are_given_up_are_cancelled_and_no_failures()
    {
        _factory.Answer = static (_, stop) => FakeFactory.Stall(" a", static () => { }, stop);
        var document = await Run(0, "--requests", "2", "--tokens-per-word", "1", "--cancel-rate", "1", "--cancel-after", "20ms");
        Assert.Equal(2, (int)document["calls"]!["cancelled"]!);
    }

    [Fact]
    public async Task A_chat_that_the_other_side_cancels_has_failed()
    {
        _factory.Answer = static (_, _) => FakeFactory.Fail(new OperationCanceledException("gone"), " a");
        var document = await Run(1, "--requests", "3", "--tokens-per-word", "1");
        Assert.Equal((3, 0), ((int)document["calls"]!["failed"]!, (int)document["calls"]!["cancelled"]!));
        Assert.Contains("gone", (string?)document["faults"]![0]!["example"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--ignore-eos does not go with --orleans", "--ignore-eos")]
    [InlineData("--url does not go with --orleans", "--url", "http://127.0.0.1:1")]
    [InlineData("--no-stream does not go with --orleans", "--no-stream")]
    [InlineData("--orleans is for chats alone", "--endpoint", "responses")]
    public async Task What_has_no_place_over_Orleans_is_refused(string words, params string[] options)
    {
        var terminal = new FakeTerminal();
        Assert.Equal(1, await ClientCommandLine.Run(["load", "--orleans", .. options], terminal.Terminal, _factory.Connect));
        Assert.Contains(words, terminal.Error, StringComparison.Ordinal);
        Assert.Empty(_factory.Connected);
    }

    private async Task<JsonNode> Run(int code, params string[] options)
    {
        var terminal = new FakeTerminal();
        Assert.Equal(code, await ClientCommandLine.Run(["load", "--orleans", "--concurrency", "1", "--json", .. options], terminal.Terminal, _factory.Connect));
        return JsonNode.Parse(terminal.Output)!;
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Answer(FakeFactory.Asked asked)
    {
        var updates = new ChatUpdates();
        await Task.Yield();
        yield return updates.Thought(" so");
        await Task.Delay(2, TestContext.Current.CancellationToken);
        yield return updates.Text(" a");
        yield return updates.Text(" b");
        yield return updates.End("stop");
        yield return updates.Usage(
            new UsageDetails { InputTokenCount = (int)Math.Round(3 + (1.5 * asked.Messages.Count(static c => c == ' '))), OutputTokenCount = asked.Options.MaxOutputTokens },
            FakeFactory.Usage with { Joules = 2, EnergySource = "model", Simulated = true });
    }
}
