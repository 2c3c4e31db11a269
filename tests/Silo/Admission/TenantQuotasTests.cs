using System.Net;
using System.Net.Http.Headers;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Identity;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Silo.Api;
using Crescent.Tests.Silo.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crescent.Tests.Silo.Admission;

public sealed class TenantQuotasTests : IDisposable
{
    private static readonly Caller Acme = new("alice", "acme", KeyRole.User);
    private static readonly Caller Beta = new("bob", "beta", KeyRole.User);

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Each_tenant_has_its_own_requests()
    {
        using var quotas = await Quotas(new TenantTerms { RequestsPerMinute = 2 });
        quotas.Begin(Acme);
        quotas.Begin(Acme with { Name = "another key" });
        var refused = Refused(() => quotas.Begin(Acme));
        Assert.Equal(30, refused.RetryAfter!.Value.TotalSeconds, 6);
        Assert.Contains("2 requests a minute", refused.Message, StringComparison.Ordinal);
        Enumerable.Range(0, 100).ToList().ForEach(_ => quotas.Begin(Beta));
        _time.Advance(TimeSpan.FromSeconds(30));
        quotas.Begin(Acme);
    }

    [Fact]
    public async Task Tokens_and_joules_are_charged_when_they_are_known_and_hold_up_the_next_request()
    {
        using var quotas = await Quotas(new TenantTerms { TokensPerMinute = 600, JoulesPerHour = 3600 });
        quotas.Begin(Acme);
        quotas.Use(Acme, 1, 590)?.Dispose();
        quotas.Begin(Acme);
        quotas.Charge("acme", ScriptedGeneration.Usage(590, 20));
        var refused = Refused(() => quotas.Begin(Acme));
        Assert.Contains("600 tokens a minute", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1.1, refused.RetryAfter!.Value.TotalSeconds, 6);
        _time.Advance(TimeSpan.FromMinutes(1));
        quotas.Begin(Acme);

        // 12.5 J each: 289 are 3,612 J, of which 61 s give back 61; output tokens do not hold up when there are none.
        Enumerable.Range(0, 300).ToList().ForEach(_ => quotas.Charge("acme", ScriptedGeneration.Usage(1, 0)));
        Assert.Contains("3,600 joules an hour", Refused(() => quotas.Begin(Acme)).Message, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromHours(1));
        quotas.Begin(Acme);
    }

    [Fact]
    public async Task Sequences_are_given_back_and_more_than_there_ever_are_is_a_wrong_request()
    {
        using var quotas = await Quotas(new TenantTerms { Concurrent = 4 });
        using var three = quotas.Use(Acme, 3, 0);
        Refused(() => quotas.Use(Acme, 2, 0));
        using (quotas.Use(Acme, 1, 0))
        {
            Refused(() => quotas.Use(Acme, 1, 0));
        }

        quotas.Use(Acme, 1, 0)!.Dispose();
        Assert.Equal(400, Assert.Throws<ApiException>(() => quotas.Use(Acme, 5, 0)).Status);
        Assert.Null(quotas.Use(Beta, 1000, 0));
    }

    [Fact]
    public async Task Answers_tell_what_is_left_and_a_refusal_when_to_come_back()
    {
        var store = new KeyStore(_folder.At("keys.json"));
        var key = await TestKeys.Add(store, "alice", "acme", KeyRole.User, new TenantTerms { RequestsPerMinute = 2, TokensPerMinute = 1000 });
        await using var front = await TestFront.Start(ScriptedGeneration.Of("fine"), auth: new AuthOptions { Mode = AuthMode.Keys, Keys = store.Path }, time: _time);
        front.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var first = await Ask(front);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal("2", Header(first, "x-ratelimit-limit-requests"));
        Assert.Equal("1", Header(first, "x-ratelimit-remaining-requests"));
        Assert.Equal("30s", Header(first, "x-ratelimit-reset-requests"));
        Assert.Equal("1000", Header(first, "x-ratelimit-limit-tokens"));
        Assert.InRange(int.Parse(Header(first, "x-ratelimit-remaining-tokens")), 980, 999);
        using var wrong = await front.Post("/v1/completions", "{}");
        Assert.Equal((HttpStatusCode.BadRequest, "0"), (wrong.StatusCode, Header(wrong, "x-ratelimit-remaining-requests")));
        using var refused = await Ask(front);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("30", Header(refused, "Retry-After"));
        Assert.Equal("0", Header(refused, "x-ratelimit-remaining-requests"));
        Assert.Equal("rate_limit_exceeded", (string)(await TestFront.Json(refused))["error"]!["code"]!);
    }

    [Fact]
    public async Task The_answers_of_a_request_are_sequences_of_its_tenant_until_it_ends()
    {
        var store = new KeyStore(_folder.At("keys.json"));
        var key = await TestKeys.Add(store, "alice", "acme", KeyRole.User, new TenantTerms { Concurrent = 3 });
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var generation = new ScriptedGeneration((call, stop) => Held(call, gate.Task, stop));
        await using var front = await TestFront.Start(generation, auth: new AuthOptions { Mode = AuthMode.Keys, Keys = store.Path });
        front.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var first = front.Post("/v1/completions", """{"prompt":"Hello","n":2}""");
        await TestFront.Until(() => generation.Calls.Count == 2, "both answers are under way");
        using var refused = await front.Post("/v1/completions", """{"prompt":"Hello","n":2}""");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        gate.SetResult();
        using var done = await first;
        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        await done.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        using var again = await front.Post("/v1/completions", """{"prompt":"Hello","n":3}""");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    public void Dispose() => _folder.Dispose();

    private static async IAsyncEnumerable<GenerationChunk> Held(InferenceRequest call, Task gate, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        await gate.WaitAsync(stop);
        await foreach (var chunk in ScriptedGeneration.Of("fine").Generate(call, stop))
        {
            yield return chunk;
        }
    }

    private static Task<HttpResponseMessage> Ask(TestFront front) => front.Post("/v1/completions", """{"prompt":"Hello"}""");

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.Single() : "";

    private static ApiException Refused(Action ask)
    {
        var refused = Assert.Throws<ApiException>(ask);
        Assert.Equal((429, "rate_limit_exceeded"), (refused.Status, refused.Code));
        return refused;
    }

    private async Task<TenantQuotas> Quotas(TenantTerms terms)
    {
        var store = new KeyStore(_folder.At("keys.json"));
        await TestKeys.Add(store, "alice", "acme", KeyRole.User, terms);
        return new TenantQuotas(
            new KeyBook(new AuthOptions { Mode = AuthMode.Keys, Keys = store.Path }, ProcessKey.Fresh(), NullLogger<KeyBook>.Instance), _time);
    }
}
