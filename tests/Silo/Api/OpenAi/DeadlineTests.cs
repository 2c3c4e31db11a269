using System.Net;
using System.Text.Json.Nodes;
using Crescent.Engine.Model;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Api.OpenAi;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Grains.Streams;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>What a client is told when its deadline passes.</summary>
public sealed class DeadlineTests(SiloFixture silo)
{
    private const string Said = "The deadline of 2 s passed after 1 output tokens.";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"Once","max_tokens":100,"deadline_seconds":2}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello"}],"deadline_seconds":2}""")]
    public async Task A_whole_answer_cut_at_its_deadline_says_so(string path, string body)
    {
        await using var front = await TestFront.Start(new ScriptedGeneration(static (call, _) => Cut(call)));
        using var answer = await front.Post(path, body);
        AssertCut((await TestFront.Json(answer))["choices"]![0]!);
        var metrics = await front.Http.GetStringAsync("/metrics", Stop);
        Assert.Contains("finished_reason=\"deadline\"} 1", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"Once","max_tokens":100,"deadline_seconds":2,"stream":true}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello"}],"deadline_seconds":2,"stream":true}""")]
    public async Task A_stream_cut_at_its_deadline_says_so_in_its_last_choice(string path, string body)
    {
        await using var front = await TestFront.Start(new ScriptedGeneration(static (call, _) => Cut(call)));
        using var answer = await front.Post(path, body);
        var events = (await answer.Content.ReadAsStringAsync(Stop)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        var choices = events[..^1].Select(static line => JsonNode.Parse(line["data: ".Length..])!["choices"]![0]!).ToList();
        AssertCut(choices[^1]);
        Assert.All(choices[..^1], static choice => Assert.Null(choice["crescent"]));
    }

    [Fact]
    public async Task An_answer_at_its_limit_says_nothing_of_a_deadline()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("and"));
        using var answer = await front.Post("/v1/completions", """{"prompt":"Once","max_tokens":100,"deadline_seconds":60}""");
        Assert.Null((await TestFront.Json(answer))["choices"]![0]!["crescent"]);
    }

    [Fact]
    public async Task A_deadline_before_the_first_token_is_a_timeout_by_name()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Failing(new DeadlineExceededException(TimeSpan.FromSeconds(2), "while the request was waiting")));
        foreach (var (path, body) in new[]
        {
            ("/v1/completions", """{"prompt":"Once"}"""), ("/v1/completions", """{"prompt":"Once","stream":true}"""), ("/v1/embeddings", """{"input":"Once"}"""),
        })
        {
            using var answer = await front.Post(path, body);
            Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
            var error = (await TestFront.Json(answer))["error"]!;
            Assert.Equal(("deadline_exceeded", "deadline_seconds"), ((string?)error["code"], (string?)error["param"]));
            Assert.Contains("The deadline of ", (string)error["message"]!, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(8, 2)]
    [InlineData(11, null)]
    public async Task Calls_that_begin_as_others_end_have_what_those_have_left_of_the_deadline(int seconds, int? left)
    {
        var time = new ManualTime();
        var begun = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var generation = new ScriptedGeneration((_, _) => Answer());
        await using var front = await TestFront.Start(generation, time: time);
        using var answer = await front.Post("/v1/completions", """{"prompt":["a","b"],"n":65,"max_tokens":2,"deadline_seconds":10}""");
        var deadlines = generation.Calls.Select(static call => call.Deadline).ToList();
        Assert.All(deadlines.Take(Generations.MaxAtOnce), static deadline => Assert.Equal(TimeSpan.FromSeconds(10), deadline));
        if (left is { } rest)
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal([TimeSpan.FromSeconds(rest), TimeSpan.FromSeconds(rest)], deadlines.Skip(Generations.MaxAtOnce));
        }
        else
        {
            Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
            Assert.StartsWith("The deadline of 10 s passed", (string?)(await TestFront.Json(answer))["error"]!["message"], StringComparison.Ordinal);
            Assert.Equal(Generations.MaxAtOnce, deadlines.Count);
        }

        async IAsyncEnumerable<GenerationChunk> Answer()
        {
            if (Interlocked.Increment(ref begun) == Generations.MaxAtOnce)
            {
                time.Advance(TimeSpan.FromSeconds(seconds));
                all.SetResult();
            }

            await all.Task;
            yield return new GenerationChunk([1], "a", "stop", ScriptedGeneration.Usage(1, 1));
        }
    }

    [Fact]
    public void The_structure_of_an_output_is_compiled_within_what_is_left_of_the_deadline()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        var cache = new GrammarCache(model.Tokenizer);
        var time = new ManualTime();
        var timers = new ManualTimers(time);
        var deadline = new RequestDeadline(TimeSpan.FromSeconds(10), timers.GetTimestamp(), timers);
        var served = new ServedModel(model, cache, DateTimeOffset.UnixEpoch);
        time.Advance(TimeSpan.FromSeconds(7));
        using (new GrammarCheck(served, "", deadline, Stop))
        {
            Assert.Equal([TimeSpan.FromSeconds(3)], timers.DueTimes);
        }

        time.Advance(TimeSpan.FromSeconds(3));
        var late = Assert.Throws<DeadlineExceededException>(() => new GrammarCheck(served, "", deadline, Stop));
        Assert.StartsWith("The deadline of 10 s passed", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_real_answer_is_cut_at_its_deadline_and_says_when()
    {
        // So long an answer takes seconds on any machine; where it does not even begin in time, that is said by name as well.
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var content = new StringContent(
            """{"prompt":"Once","max_tokens":1500,"ignore_eos":true,"temperature":0,"deadline_seconds":0.2}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("/v1/completions", content, Stop);
        var json = await TestFront.Json(answer);
        var message = answer.IsSuccessStatusCode ? (string)json["choices"]![0]!["crescent"]!["message"]! : (string)json["error"]!["message"]!;
        Assert.StartsWith("The deadline of 0.2 s passed ", message, StringComparison.Ordinal);
        Assert.Equal(answer.IsSuccessStatusCode ? "length" : "deadline_exceeded", (string?)(json["choices"]?[0]!["finish_reason"] ?? json["error"]!["code"]));
    }

    private static void AssertCut(JsonNode choice)
    {
        Assert.Equal("length", (string?)choice["finish_reason"]);
        Assert.Equal(("deadline", Said), ((string?)choice["crescent"]!["cut_by"], (string?)choice["crescent"]!["message"]));
    }

    private static async IAsyncEnumerable<GenerationChunk> Cut(InferenceRequest call)
    {
        await Task.Yield();
        yield return new GenerationChunk([1], "and", null, null);
        yield return new GenerationChunk([], "", "length", ScriptedGeneration.Usage(call.Prompt.Length, 1)) with { Cut = "after 1 output tokens" };
    }
}
