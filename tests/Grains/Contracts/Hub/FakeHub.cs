using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Crescent.Grains.Contracts.Hub;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Crescent.Tests.Grains.Contracts.Hub;

/// <summary>
/// Two servers on this machine that answer as the Hugging Face Hub's API and its store of large files do: commits, trees in pages, a redirect for each file to the
/// other host, ranges there, 401 without the right token, 404.
/// </summary>
internal sealed class FakeHub : IAsyncDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    public const string Token = "hf_secret";
    public const string Branch = "refs/pr/7";
    public const string BranchCommit = "fedcba9876543210fedcba9876543210fedcba98";

    private readonly WebApplication _hub;
    private readonly WebApplication _store;
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    private FakeHub()
    {
        _hub = Server(Answer);
        _store = Server(Give);
    }

    public Uri Endpoint { get; private set; } = null!;

    /// <summary>What the repository has at <see cref="Branch"/>.</summary>
    public Dictionary<string, byte[]> BranchFiles { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether repositories ask for <see cref="Token"/>.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Bytes of each answer after which the store ends the connection; 0 for all.</summary>
    public int CutAfter { get; init; }

    /// <summary>Whether the store gives whole files whatever range is asked for.</summary>
    public bool IgnoresRanges { get; init; }

    /// <summary>Whether it gives other bytes than the hub says.</summary>
    public bool IsDamaged { get; init; }

    /// <summary>Seconds after which the hub asks to be asked again; each is taken for one request, and below 0 as 429 without a word.</summary>
    public ConcurrentQueue<int> Busy { get; } = new();

    /// <summary>Awaited by the store before each file.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Requests to the hub: path and token.</summary>
    public ConcurrentQueue<(string Path, string? Authorization)> Asked { get; } = new();

    /// <summary>Requests to the store: file, range and token.</summary>
    public ConcurrentQueue<(string Path, string? Range, string? Authorization)> Given { get; } = new();

    public static async Task<FakeHub> Start(IEnumerable<(string Path, byte[] Content)> files, Func<FakeHub>? make = null)
    {
        var hub = make?.Invoke() ?? new FakeHub();
        foreach (var (path, content) in files)
        {
            hub._files[path] = content;
        }

        await hub._hub.StartAsync();
        await hub._store.StartAsync();
        hub.Endpoint = Address(hub._hub);
        return hub;
    }

    public static FakeHub With(bool isPrivate = false, int cutAfter = 0, bool ignoresRanges = false, bool isDamaged = false) =>
        new() { IsPrivate = isPrivate, CutAfter = cutAfter, IgnoresRanges = ignoresRanges, IsDamaged = isDamaged };

    public HubSettings Settings(string? token = null) =>
        HubSettings.Of(Endpoint.ToString(), token) with { Pause = TimeSpan.FromMilliseconds(1), Tries = 3 };

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _store.DisposeAsync();
    }

    private static WebApplication Server(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.Run(answer);
        return server;
    }

    private static Uri Address(WebApplication server) =>
        new(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    private async Task Answer(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var authorization = (string?)context.Request.Headers.Authorization;
        Asked.Enqueue((path + context.Request.QueryString, authorization));
        if (Busy.TryDequeue(out var seconds))
        {
            context.Response.StatusCode = 429;
            if (seconds >= 0)
            {
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            }

            return;
        }

        if (IsPrivate && authorization != $"Bearer {Token}")
        {
            context.Response.StatusCode = 401;
            return;
        }

        const string Repository = "/owner/model-GGUF";
        if (path == $"/api/models{Repository}/revision/main")
        {
            await context.Response.WriteAsJsonAsync(new { sha = Commit });
        }
        else if (Uri.UnescapeDataString(path) == $"/api/models{Repository}/revision/{Branch}" || path == $"/api/models{Repository}/revision/{BranchCommit[..10]}")
        {
            await context.Response.WriteAsJsonAsync(new { sha = BranchCommit });
        }
        else if (path == $"/api/models{Repository}/tree/{Commit}" || path == $"/api/models{Repository}/tree/{BranchCommit}")
        {
            await Tree(context);
        }
        else if (path.StartsWith($"{Repository}/resolve/{BranchCommit}/", StringComparison.Ordinal) && BranchFiles.ContainsKey(path[$"{Repository}/resolve/{BranchCommit}/".Length..]))
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = new Uri(Address(_store), "branch/" + path[$"{Repository}/resolve/{BranchCommit}/".Length..]).ToString();
        }
        else if (path.StartsWith($"{Repository}/resolve/{Commit}/", StringComparison.Ordinal) && _files.ContainsKey(path[$"{Repository}/resolve/{Commit}/".Length..]))
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = new Uri(Address(_store), "blob/" + path[$"{Repository}/resolve/{Commit}/".Length..]).ToString();
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }

    // A page has two entries: a client that reads the first alone misses files.
    private Task Tree(HttpContext context)
    {
        var files = context.Request.Path.Value!.EndsWith(BranchCommit, StringComparison.Ordinal) ? BranchFiles : _files;
        var at = int.Parse(context.Request.Query["cursor"].FirstOrDefault("0")!, CultureInfo.InvariantCulture);
        if (at + 2 < files.Count)
        {
            context.Response.Headers.Link = $"<{Endpoint}api/models/owner/model-GGUF/tree/{Commit}?recursive=true&cursor={at + 2}>; rel=\"next\"";
        }

        var entries = files.OrderBy(static file => file.Key, StringComparer.Ordinal).Skip(at).Take(2).Select(static file => file.Key.EndsWith(".gguf", StringComparison.Ordinal)
            ? (object)new { type = "file", oid = "0", size = file.Value.Length, path = file.Key, lfs = new { oid = Convert.ToHexStringLower(SHA256.HashData(file.Value)), size = file.Value.Length, pointerSize = 134 } }
            : new { type = "file", oid = "0", size = file.Value.Length, path = file.Key });
        return context.Response.WriteAsync(JsonSerializer.Serialize(entries), Encoding.UTF8);
    }

    private async Task Give(HttpContext context)
    {
        var isBranch = context.Request.Path.Value!.StartsWith("/branch/", StringComparison.Ordinal);
        var file = context.Request.Path.Value![(isBranch ? "/branch/" : "/blob/").Length..];
        var files = isBranch ? BranchFiles : _files;
        var range = context.Request.GetTypedHeaders().Range?.Ranges.Single().From;
        Given.Enqueue((file, context.Request.Headers.Range, context.Request.Headers.Authorization));
        await Gate;
        var content = IsDamaged ? [.. files[file].Select(static b => (byte)~b)] : files[file];
        var from = IgnoresRanges ? 0 : (int)(range ?? 0);
        if (from > 0)
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {from}-{content.Length - 1}/{content.Length}";
        }

        context.Response.ContentLength = content.Length - from;
        var length = CutAfter > 0 ? Math.Min(CutAfter, content.Length - from) : content.Length - from;

        // The server ends a connection whose answer is shorter than it has said.
        await context.Response.Body.WriteAsync(content.AsMemory(from, length));
    }
}
