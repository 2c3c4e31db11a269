using System.Net.Http.Headers;
using System.Text;
using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;
using Crescent.Tests.Silo.Identity;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>What of one tenant another can see.</summary>
public sealed class TenantTests(SiloFixture silo) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // Two blocks and more of a text that no other test sends.
    private readonly string _secret = string.Join(' ', Enumerable.Range(0, 40).Select(i => $"{Guid.NewGuid():N}"[..(4 + (i % 3))]));

    [Fact]
    public async Task Users_do_not_learn_from_cached_tokens_what_another_sent()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        Assert.Equal(0, await Cached(http, "\"user\":\"alice\""));
        Assert.True(await Cached(http, "\"user\":\"alice\"") > 0);
        Assert.Equal(0, await Cached(http, "\"user\":\"bob\""));
        Assert.Equal(0, await Cached(http, "\"user\":\"bob\",\"cache_salt\":\"z\""));

        // Nor does one without a name, also when it guesses how the names are written.
        Assert.Equal(0, await Cached(http, "\"cache_salt\":\"5:alice\""));
        Assert.Equal(0, await Cached(http, "\"stream\":false"));
        Assert.True(await Cached(http, "\"stream\":false") > 0);
    }

    [Fact]
    public async Task Tenants_of_keys_share_only_when_both_have_opted_in()
    {
        var store = new KeyStore(_folder.At("keys.json"));
        var a = await TestKeys.Add(store, "a", "a", KeyRole.User);
        var b = await TestKeys.Add(store, "b", "b", KeyRole.User);
        var open = await TestKeys.Add(store, "open", "open", KeyRole.User, new TenantTerms { ShareCache = true });
        var other = await TestKeys.Add(store, "other", "other", KeyRole.User, new TenantTerms { ShareCache = true });
        await using var own = new SiloFixture { With = [new(Settings.Auth.Key, "keys"), new(Settings.AuthKeys.Key, store.Path)] };
        using var http = new HttpClient { BaseAddress = new Uri(await own.Url()) };
        Assert.Equal(0, await Cached(http, "\"user\":\"x\"", a));

        // Users of one tenant are one to others.
        Assert.True(await Cached(http, "\"user\":\"y\"", a) > 0);
        Assert.Equal(0, await Cached(http, "\"user\":\"a\"", b));
        Assert.Equal(0, await Cached(http, "\"user\":\"x\"", open));
        Assert.True(await Cached(http, "\"user\":\"z\"", other) > 0);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<int> Cached(HttpClient http, string fields, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = new StringContent($$"""{"prompt":"{{_secret}}","max_tokens":1,{{fields}}}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var json = await TestFront.Json(answer);
        return (int?)json["usage"]?["prompt_tokens_details"]?["cached_tokens"] ?? throw new InvalidOperationException(json.ToJsonString());
    }
}
