using System.Net;
using System.Text.Json.Nodes;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Streams;
using Crescent.Silo.Api.OpenAi;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>What a request may take: tokens that the devices hold, calls at once, memory for its answer.</summary>
public sealed class RoomTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_of_no_said_length_gets_what_the_largest_device_holds()
    {
        var generation = Of(128);
        await using var front = await TestFront.Start(generation);
        using var answer = await front.Post("/v1/chat/completions", """{"messages":[{"role":"user","content":"What is 2 + 3?"}]}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var call = Assert.Single(generation.Calls);
        Assert.Equal(128, call.Prompt.Length + call.MaxTokens);
        var models = JsonNode.Parse(await front.Http.GetStringAsync("/v1/models", Stop))!;
        Assert.Equal(128, (int?)models["data"]![0]!["context_length"]);
    }

    [Fact]
    public async Task Who_asks_for_more_than_the_largest_device_holds_is_told_so()
    {
        await using var front = await TestFront.Start(Of(128));
        using var answer = await front.Post("/v1/chat/completions", """{"max_tokens":200,"messages":[{"role":"user","content":"What is 2 + 3?"}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var message = (string?)(await TestFront.Json(answer))["error"]!["message"];
        Assert.Contains("'max_tokens' is 200, together", message, StringComparison.Ordinal);
        Assert.Contains("the largest device holds 128 tokens, fewer than the model's context of 2048", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_no_device_is_known_the_models_context_counts()
    {
        var generation = Of(0);
        await using var front = await TestFront.Start(generation);
        using var answer = await front.Post("/v1/chat/completions", """{"messages":[{"role":"user","content":"What is 2 + 3?"}]}""");
        var call = Assert.Single(generation.Calls);
        Assert.Equal(2048, call.Prompt.Length + call.MaxTokens);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task Of_the_calls_of_one_request_no_more_than_128_run_at_once_and_all_are_answered(string stream)
    {
        var (now, most) = (0, 0);
        var generation = new ScriptedGeneration(Answer);
        await using var front = await TestFront.Start(generation);
        var prompts = string.Join(',', Enumerable.Range(0, 20).Select(static i => $"\"a {i}\""));
        using var answer = await front.Post("/v1/completions", $$"""{"prompt":[{{prompts}}],"n":100,"max_tokens":2,"stream":{{stream}}}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var body = await answer.Content.ReadAsStringAsync(Stop);
        Assert.Equal(2000, body.Split("\"finish_reason\":\"stop\"").Length - 1);
        Assert.InRange(most, 2, Generations.MaxAtOnce);
        Assert.Equal(0, now);

        async IAsyncEnumerable<GenerationChunk> Answer(InferenceRequest call, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
        {
            var running = Interlocked.Increment(ref now);
            for (int seen; running > (seen = Volatile.Read(ref most)) && Interlocked.CompareExchange(ref most, running, seen) != seen;)
            {
            }

            await Task.Yield();
            yield return new GenerationChunk([1], "a", null, null);
            Interlocked.Decrement(ref now);
            yield return new GenerationChunk([], "", "stop", ScriptedGeneration.Usage(call.Prompt.Length, 1));
        }
    }

    [Fact]
    public async Task A_long_text_and_its_tokens_are_told_whole()
    {
        await using var front = await TestFront.Start(Of(0));
        var text = string.Concat(Enumerable.Repeat("7 a ", 40_000));
        using var answer = await front.Post("/tokenize", $$"""{"prompt":"{{text}}","return_token_strs":true}""");
        var json = await TestFront.Json(answer);
        var tokens = json["tokens"]!.AsArray().Select(static token => (int)token!).ToArray();
        Assert.Equal(front.Model.Tokenizer.Encode(text, parseSpecial: true, addSpecial: true), tokens);
        Assert.Equal(tokens.Select(front.Model.Tokenizer.TokenName), json["token_strs"]!.AsArray().Select(static name => (string)name!));
        Assert.Equal(tokens.Length, (int)json["count"]!);
        Assert.True(answer.Headers.TransferEncodingChunked);
    }

    private static ScriptedGeneration Of(int positions) => new(Stopped) { Positions = positions };

    private static async IAsyncEnumerable<GenerationChunk> Stopped(InferenceRequest call, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        await Task.Yield();
        yield return new GenerationChunk([1], "a", null, null);
        yield return new GenerationChunk([], "", "stop", ScriptedGeneration.Usage(call.Prompt.Length, 1));
    }
}
