using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Crescent.Tests.Silo.Api;

namespace Crescent.Tests.Silo.Identity;

/// <summary>A front end that asks for keys, over its port.</summary>
public sealed class KeysHttpTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private SiloFixture _silo = null!;
    private HttpClient _http = null!;
    private string _user = "";
    private string _admin = "";

    public async ValueTask InitializeAsync()
    {
        var store = new KeyStore(_folder.At("keys.json"));
        _user = await TestKeys.Add(store, "alice", "acme", KeyRole.User);
        _admin = await TestKeys.Add(store, "root", "ops", KeyRole.Admin);
        _silo = new SiloFixture { With = [new(Settings.Auth.Key, "keys"), new(Settings.AuthKeys.Key, store.Path)] };
        _http = new HttpClient { BaseAddress = new Uri(await _silo.Url()) };
    }

    [Fact]
    public async Task A_key_comes_by_anthropics_header_as_well_and_a_response_is_its_tenants()
    {
        foreach (var (key, status, type) in new[] { (_user, HttpStatusCode.OK, "message"), (_user + "x", HttpStatusCode.Unauthorized, "error") })
        {
            using var asked = new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = Json("""{"messages":[{"role":"user","content":"Hi"}],"max_tokens":2}""") };
            asked.Headers.Add("x-api-key", key);
            using var answer = await _http.SendAsync(asked, TestContext.Current.CancellationToken);
            Assert.Equal((status, type), (answer.StatusCode, (string?)(await TestFront.Json(answer))["type"]));
        }

        using var create = new HttpRequestMessage(HttpMethod.Post, "/v1/responses") { Content = Json("""{"input":"Hi","max_output_tokens":2}""") };
        create.Headers.Add("x-api-key", _user);
        using var made = await _http.SendAsync(create, TestContext.Current.CancellationToken);
        var id = (string?)(await TestFront.Json(made))["id"];
        await Expect(HttpStatusCode.OK, HttpMethod.Get, $"/v1/responses/{id}", _user);
        await Expect(HttpStatusCode.NotFound, HttpMethod.Get, $"/v1/responses/{id}", _admin);
        await Expect(HttpStatusCode.Unauthorized, HttpMethod.Get, $"/v1/responses/{id}", null);

        static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
    }

    [Fact]
    public async Task What_is_open_to_whom()
    {
        await Expect(HttpStatusCode.OK, HttpMethod.Get, "/version", null);
        await Expect(HttpStatusCode.OK, HttpMethod.Get, "/health", null);
        foreach (var path in new[] { "/v1/models", "/v1/factory", "/v1/factory/power", "/metrics" })
        {
            await Expect(HttpStatusCode.Unauthorized, HttpMethod.Get, path, null);
            await Expect(HttpStatusCode.OK, HttpMethod.Get, path, _user);
            await Expect(HttpStatusCode.OK, HttpMethod.Get, path, _admin);
        }

        foreach (var (path, body) in new[]
        {
            ("/v1/completions", """{"prompt":"What is 23 + 48?","max_tokens":2}"""),
            ("/v1/chat/completions", """{"messages":[{"role":"user","content":"What is 23 + 48?"}],"max_tokens":2}"""),
            ("/v1/embeddings", """{"input":"What is 23 + 48?"}"""),
            ("/v1/messages", """{"messages":[{"role":"user","content":"What is 23 + 48?"}],"max_tokens":2}"""),
            ("/v1/messages/count_tokens", """{"messages":[{"role":"user","content":"What is 23 + 48?"}]}"""),
            ("/v1/responses", """{"input":"What is 23 + 48?","max_output_tokens":2}"""),
            ("/v1/responses/input_tokens", """{"input":"What is 23 + 48?"}"""),
            ("/tokenize", """{"prompt":"What is 23 + 48?"}"""),
            ("/detokenize", """{"tokens":[1]}"""),
        })
        {
            await Expect(HttpStatusCode.Unauthorized, HttpMethod.Post, path, null, body);
            await Expect(HttpStatusCode.OK, HttpMethod.Post, path, _user, body);
        }

        foreach (var (method, path, body, status) in new[]
        {
            (HttpMethod.Post, "/v1/factory/devices/nowhere/cpu/drain", "", HttpStatusCode.NotFound),
            (HttpMethod.Delete, "/v1/factory/devices/nowhere/cpu/drain", "", HttpStatusCode.NotFound),
            (HttpMethod.Put, "/v1/factory/power", """{"cluster_watts":1000000}""", HttpStatusCode.OK),
            (HttpMethod.Get, "/v1/factory/decisions/chatcmpl-none", "", HttpStatusCode.NotFound),
        })
        {
            await Expect(HttpStatusCode.Unauthorized, method, path, null, body);
            await Expect(HttpStatusCode.Forbidden, method, path, _user, body);
            await Expect(status, method, path, _admin, body);
        }

        // Whoever is not known is not told what there is.
        await Expect(HttpStatusCode.Unauthorized, HttpMethod.Get, "/v1/nothing", null);
        await Expect(HttpStatusCode.NotFound, HttpMethod.Get, "/v1/nothing", _user);
    }

    [Fact]
    public async Task A_refusal_is_in_OpenAIs_form_and_says_how_to_be_let_in()
    {
        using var none = await Send(HttpMethod.Get, "/v1/models", null);
        var error = (await TestFront.Json(none))["error"]!;
        Assert.Equal("invalid_api_key", (string)error["code"]!);
        Assert.Contains("Authorization: Bearer", (string)error["message"]!, StringComparison.Ordinal);
        Assert.Equal("Bearer realm=\"crescent\"", none.Headers.WwwAuthenticate.ToString());

        using var wrong = await Send(HttpMethod.Get, "/v1/models", ApiKey.Fresh());
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Contains("error=\"invalid_token\"", wrong.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);

        using var user = await Send(HttpMethod.Post, "/v1/factory/devices/local/cpu/drain", _user, "{}");
        Assert.Equal("insufficient_permissions", (string)(await TestFront.Json(user))["error"]!["code"]!);
        Assert.Contains("insufficient_scope", user.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_added_or_removed_counts_without_a_restart()
    {
        var store = new KeyStore(_folder.At("keys.json"));
        var late = await TestKeys.Add(store, "late", "acme", KeyRole.User);
        await Until(async () => await Status(late) == HttpStatusCode.OK, "the new key is known");
        await store.Change(file => file with { Keys = [.. file.Keys.Where(static key => key.Name != "late")] }, TestContext.Current.CancellationToken);
        await Until(async () => await Status(late) == HttpStatusCode.Unauthorized, "the removed key is known no more");

        async Task<HttpStatusCode> Status(string key)
        {
            using var answer = await Send(HttpMethod.Get, "/v1/models", key);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Requests_are_the_tenants_of_their_keys()
    {
        var front = ScriptedGeneration.Of("fine");
        await using var own = await TestFront.Start(front, auth: new AuthOptions { Mode = AuthMode.Keys, Keys = _folder.At("keys.json") });
        own.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _user);
        using var answer = await own.Post("/v1/completions", """{"prompt":"Hello","user":"bob","session_id":"s"}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("acme", front.Calls.Single().Tenant);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _silo.DisposeAsync();
        _folder.Dispose();
    }

    private async Task Expect(HttpStatusCode status, HttpMethod method, string path, string? key, string body = "")
    {
        using var answer = await Send(method, path, key, body);
        Assert.True(
            status == answer.StatusCode,
            $"{method} {path} with {(key is null ? "no key" : key == _user ? "a user's key" : "an admin's key")}: {answer.StatusCode}, not {status}: {await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
    }

    private Task<HttpResponseMessage> Send(HttpMethod method, string path, string? key, string body = "")
    {
        var request = new HttpRequestMessage(method, path);
        if (method != HttpMethod.Get)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue(KeyHandler.Bearer, key);
        }

        return _http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task Until(Func<Task<bool>> condition, string what)
    {
        var deadline = TimeSpan.FromSeconds(60);
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < deadline, $"After {deadline.TotalSeconds} s it is not so that {what}.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
