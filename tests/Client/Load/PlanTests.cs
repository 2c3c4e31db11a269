using System.Text;
using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Wire;
using Crescent.Lab.Traces;

namespace Crescent.Tests.Client.Load;

public sealed class PlanTests
{
    [Theory]
    [InlineData("exponential:10", 10, 1)]
    [InlineData("uniform:5,15", 10, 0.2887)]
    [InlineData("normal:10,2", 10, 0.2)]
    [InlineData("gamma:10,2", 10, 2)]
    [InlineData("gamma:10,0.5", 10, 0.5)]
    [InlineData("lognormal:10,0.5", 11.331, 0.533)]
    [InlineData("10", 10, 0)]
    public void A_distribution_has_the_mean_and_the_spread_that_it_names(string text, double mean, double variation)
    {
        var distribution = LoadBench.Counts(text);
        double[] drawn = [.. Enumerable.Range(0, 40_000).Select(number =>
        {
            var stream = new SeededStream(1, DrawPurpose.Pause, number);
            return distribution.Draw(ref stream);
        })];
        var average = drawn.Average();
        Assert.InRange(average / mean, 0.95, 1.05);
        Assert.InRange(Math.Sqrt(drawn.Average(value => (value - average) * (value - average))) / average, (0.95 * variation) - 1e-9, (1.05 * variation) + 1e-9);
    }

    [Theory]
    [InlineData("normal:1")]
    [InlineData("lognormal:0,1")]
    [InlineData("uniform:9,3")]
    [InlineData("weibull:1,2")]
    [InlineData("-4")]
    [InlineData("")]
    public void What_is_no_distribution_is_refused(string text) => Assert.Null(Distribution.Parse(text, Distribution.Number));

    [Fact]
    public void Arrivals_come_at_their_rate_and_a_ramp_grows_to_it()
    {
        var constant = Arrivals.Constant(10);
        Assert.Equal([0.1, 0.2, 0.3], Enumerable.Range(0, 3).Select(_ => Math.Round(constant.Next(), 9)));
        var poisson = Arrivals.Poisson(50, seed: 3);
        Assert.InRange(Enumerable.Range(0, 10_000).Select(_ => poisson.Next()).ToArray()[^1], 190, 210);

        // While it grows over 10 s to 10 a second, 50 come, the first half of the time a quarter of them.
        var ramp = Arrivals.Constant(10, rampSeconds: 10);
        double[] times = [.. Enumerable.Range(0, 100).Select(_ => ramp.Next())];
        Assert.Equal((12, 50), (times.Count(static time => time <= 5), times.Count(static time => time <= 10.001)));
        Assert.Equal(15, times[^1], 3);
        var bursts = Arrivals.Bursts(3, 2);
        Assert.Equal([0, 0, 0, 2, 2, 2, 4], Enumerable.Range(0, 7).Select(_ => bursts.Next()));
    }

    [Fact]
    public void Prompts_have_their_length_and_the_same_blocks_the_same_text()
    {
        var scale = new PromptScale(1.25, 9, "given");
        var shared = new PromptPart(5, 100);
        var (a, b) = (Write(scale, shared, new PromptPart(1, 50)), Write(scale, shared, new PromptPart(2, 50)));
        Assert.Equal((80 + 33, 80 + 33), (a.Count(static c => c == ' '), b.Count(static c => c == ' ')));
        var common = a.Zip(b).TakeWhile(static pair => pair.First == pair.Second).Count();
        Assert.Equal(string.Concat(a.Take(common)), string.Concat(b.Take(common)));
        Assert.InRange(a[..common].Count(static c => c == ' '), 80, 83);
        Assert.Equal(a, Write(scale, shared, new PromptPart(1, 50)));

        // A longer stretch of the same content begins as the shorter one.
        Assert.StartsWith(Write(scale, new PromptPart(7, 40)), Write(scale, new PromptPart(7, 400)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_conversation_carries_all_before_it()
    {
        var scripts = new SyntheticScripts(new SyntheticOptions
        {
            Turns = Distribution.Constant(3),
            PromptTokens = Distribution.Constant(100),
            OutputTokens = Distribution.Constant(20),
            ThinkSeconds = Distribution.Constant(2),
        });
        var script = scripts.Next()!;
        Assert.Equal([(100, 0.0), (220, 2.0), (340, 2.0)], script.Calls.Select(static call => (call.PromptTokens, call.PauseSeconds)));
        Assert.Equal([("user", 100), ("assistant", 20), ("user", 100)], script.Calls[1].Messages!.Select(static message => (message.Role, message.Tokens)));
        Assert.Single(script.Calls.Select(static call => call.Prompt[0].Content).Distinct());
        Assert.NotEqual(script.Program, scripts.Next()!.Program);
    }

    [Theory]
    [InlineData(nameof(LoadEndpoint.Chat), "messages")]
    [InlineData(nameof(LoadEndpoint.Responses), "input")]
    public void The_turns_of_a_conversation_are_its_messages_behind_one_of_the_system(string endpoint, string field)
    {
        var script = new SyntheticScripts(new SyntheticOptions
        {
            Turns = Distribution.Constant(2),
            PromptTokens = Distribution.Constant(100),
            OutputTokens = Distribution.Constant(40),
            SharedTokens = 200,
            SharedIsSystem = true,
        }).Next()!;
        Assert.Equal([("system", 200), ("user", 100), ("assistant", 40), ("user", 100)], script.Calls[1].Messages!.Select(static message => (message.Role, message.Tokens)));
        Assert.All(script.Calls, static call => Assert.Equal(call.PromptTokens, call.Messages!.Sum(static message => message.Tokens)));

        // A word has a token and a quarter, the template nine tokens with the first message and five with each other.
        var form = new RequestForm(Enum.Parse<LoadEndpoint>(endpoint), "m", stream: true, ignoreEos: false);
        var writer = new PromptWriter(new PromptScale(1.25, 9, "given") { MessageOverhead = 5 }, 0);
        var (first, second) = (Messages(script.Calls[0]), Messages(script.Calls[1]));
        Assert.Equal(first, second[..2]);
        Assert.Equal(["system", "user", "assistant", "user"], second.Select(static message => message.Role));
        Assert.Equal([153, 76, 28, 76], second.Select(static message => message.Text.Count(static c => c == ' ')));
        Assert.NotEqual(second[1].Text, second[3].Text);
        Assert.Equal(second, writer.Texts(script.Calls[1].Prompt, script.Calls[1].Messages!));

        List<(string Role, string Text)> Messages(PlannedCall call)
        {
            var request = new RequestBuffer();
            request.Begin(0);
            form.Write(call.Prompt, call.Messages, call.OutputTokens, writer, request);
            var body = System.Text.Json.Nodes.JsonNode.Parse(request.Written.Span[^request.BodyLength..])!;
            return [.. body[field]!.AsArray().Select(static message => ((string)message!["role"]!, (string)message["content"]!))];
        }
    }

    [Fact]
    public void A_prompt_that_does_not_go_on_from_the_one_before_is_one_message()
    {
        PromptMessage[] before = [new("user", 100)];
        Assert.Equal(3, PromptMessage.Next(before, 20, 121).Length);
        Assert.Equal([new PromptMessage("user", 120)], PromptMessage.Next(before, 20, 120));
        Assert.Equal([new PromptMessage("user", 5)], PromptMessage.Next(null, 0, 5));
    }

    [Fact]
    public void A_trace_comes_at_its_moments_with_its_blocks_in_common()
    {
        var trace = Trace.Of("t", [new(0, 1100, 5, [1, 2, 3]), new(1, 1536, 6, [1, 2, 9]), new(3, 90_000, 7, [1])]);
        using var scripts = new TraceScripts(trace, speed: 2, context: 10_000, seed: 0, Cancellation.None);
        var (first, second) = (scripts.Next()!, scripts.Next()!);
        Assert.Null(scripts.Next());
        Assert.Equal((0.0, 0.5, 1L), (first.StartSeconds, second.StartSeconds, scripts.TooLong));
        Assert.Equal((1100, 1536, 6), (first.Calls[0].PromptTokens, second.Calls[0].PromptTokens, second.Calls[0].OutputTokens));
        Assert.Equal([512, 512, 76], first.Calls[0].Prompt.Select(static part => part.Tokens));
        Assert.Equal(first.Calls[0].Prompt[..2], second.Calls[0].Prompt[..2]);
        Assert.NotEqual(first.Calls[0].Prompt[2].Content, second.Calls[0].Prompt[2].Content);
    }

    [Fact]
    public void Workflows_begin_at_their_moments_and_blocks_are_in_common_among_all_of_them()
    {
        var scripts = new WorkflowScripts(Workflows, new WorkflowPace(Speed: 2, null, Pauses: 3), seed: 1, Cancellation.None);
        var (first, second) = (scripts.Next()!, scripts.Next()!);
        Assert.Null(scripts.Next());
        Assert.Equal((0.0, 2.0), (first.StartSeconds, second.StartSeconds));
        Assert.Equal([(600, 0.0), (750, 3.0)], first.Calls.Select(static call => (call.PromptTokens, call.PauseSeconds)));
        Assert.Equal(first.Calls[0].Prompt[0], second.Calls[0].Prompt[0]);

        // The next turn begins with the prompt before it and something as long as its answer, which is nobody else's.
        Assert.Equal(first.Calls[0].Prompt, first.Calls[1].Prompt[..2]);
        Assert.Equal([512, 88, 50, 100], first.Calls[1].Prompt.Select(static part => part.Tokens));
        Assert.Equal(5, first.Calls.Concat(second.Calls).SelectMany(static call => call.Prompt).Select(static part => part.Content).Distinct().Count());
        Assert.Equal([[], [0]], first.Calls.Select(static call => call.After!));
        Assert.NotEqual(first.Program, second.Calls[0].Program);
    }

    [Fact]
    public void Workflows_that_come_again_have_other_words()
    {
        var scripts = new WorkflowScripts(Workflows, new WorkflowPace(null, null, 1), seed: 1, Cancellation.None);
        Script[] drawn = [.. Enumerable.Range(0, 4).Select(_ => scripts.Next()!)];
        Assert.All(drawn, static script => Assert.Null(script.StartSeconds));
        Assert.Equal(drawn[0].Calls.Count, drawn[2].Calls.Count);
        Assert.Empty(drawn[0].Calls[0].Prompt.Intersect(drawn[2].Calls[0].Prompt));
        Assert.NotEmpty(drawn[0].Calls[0].Prompt.Intersect(drawn[1].Calls[0].Prompt));
    }

    private static WorkflowTrace Workflows { get; } = new("w",
    [
        new(0, [new("a", [], 0, 600, 50, [new(0, 512), new(1, 88)]), new("a", [0], 1, 750, 60, [new(2, 100)], 0)]),
        new(4, [new("b", [], 0, 532, 10, [new(0, 512)])]),
    ]);

    [Fact]
    public void A_request_is_the_form_that_it_says()
    {
        var form = new RequestForm(LoadEndpoint.Chat, "a \"b\"", stream: true, ignoreEos: true, extra: (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse("""{"temperature":0}""")!);
        var request = new RequestBuffer();
        var head = Encoding.ASCII.GetBytes("POST /x HTTP/1.1\r\nContent-Length: ");
        request.Begin(head.Length);
        form.Write([new PromptPart(1, 2000)], null, 33, new PromptWriter(new PromptScale(1, 0, ""), 0), request);
        request.End(head);
        var text = Encoding.UTF8.GetString(request.Written.Span);
        var parts = text.Split("\r\n\r\n");
        Assert.Equal($"POST /x HTTP/1.1\r\nContent-Length: {parts[1].Length}", parts[0]);
        var body = System.Text.Json.Nodes.JsonNode.Parse(parts[1])!;
        Assert.Equal(("a \"b\"", true, 33, 33, true), ((string?)body["model"], (bool)body["stream"]!, (int)body["max_tokens"]!, (int)body["min_tokens"]!, (bool)body["stream_options"]!["include_usage"]!));
        Assert.Equal(2000, ((string)body["messages"]![0]!["content"]!).Count(static c => c == ' '));
        Assert.Equal(0, (int)body["temperature"]!);
    }

    private static string Write(PromptScale scale, params PromptPart[] parts)
    {
        var buffer = new RequestBuffer();
        buffer.Begin(0);
        new PromptWriter(scale, 0).Write(parts, buffer);
        return Encoding.ASCII.GetString(buffer.Written.Span[^buffer.BodyLength..]);
    }
}
