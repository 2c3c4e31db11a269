using System.Net;
using Crescent.Grains.Streams;
using Crescent.Silo.Configuration;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Making tokens of texts beside completions.</summary>
public sealed class TokenizerTests
{
    private static readonly string Long = new('a', TextWork.LongBytes);

    [Fact]
    public async Task Tokenizing_takes_no_place_among_the_completions_in_flight()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Endless(), new HttpOptions { MaxRequests = 1 });
        using var completion = await front.Post("/v1/completions", """{"prompt":"Once","max_tokens":9,"stream":true}""");
        Assert.Equal(1, front.Gate.InFlight);
        using var refused = await front.Post("/v1/completions", """{"prompt":"Once"}""");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        foreach (var (path, body) in new[] { ("/tokenize", """{"prompt":"Once"}"""), ("/detokenize", """{"tokens":[1]}""") })
        {
            using var answer = await front.Post(path, body);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Long_texts_of_all_endpoints_wait_for_one_another_and_beyond_the_bound_are_refused()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("a"), texts: new TextWork(maxWaiting: 0));
        using var go = new ManualResetEventSlim();
        var busy = front.Texts.Do(
            TextWork.LongBytes, () => go.Wait(TimeSpan.FromSeconds(60)), TestContext.Current.CancellationToken).AsTask();
        foreach (var (path, body) in new[]
        {
            ("/v1/completions", $$"""{"prompt":"{{Long}}"}"""),
            ("/v1/completions", $$"""{"prompt":["a","{{Long}}"]}"""),
            ("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"{{Long}}"}]}"""),
            ("/v1/embeddings", $$"""{"input":"{{Long}}"}"""),
            ("/tokenize", $$"""{"prompt":"{{Long}}"}"""),
        })
        {
            using var refused = await front.Post(path, body);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        }

        using var answer = await front.Post("/v1/completions", """{"prompt":"Once"}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        go.Set();
        await busy;
    }
}
