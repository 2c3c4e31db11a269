using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>One watch: what has happened since a revision and goes on to happen, a line of JSON each, with bookmarks while nothing does.</summary>
internal sealed class ApiWatch(ApiStore store, ApiPath path, ApiSelector selector)
{
    /// <summary>Between two bookmarks. The real server takes a minute.</summary>
    private static readonly TimeSpan Bookmarks = TimeSpan.FromSeconds(1);

    /// <summary>Writes until the client leaves, its time is over, or the server stops.</summary>
    public async Task Write(HttpContext http, CancellationToken stop)
    {
        var query = http.Request.Query;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stop);
        if (int.TryParse(query["timeoutSeconds"], CultureInfo.InvariantCulture, out var seconds))
        {
            end.CancelAfter(TimeSpan.FromSeconds(seconds));
        }

        http.Response.ContentType = "application/json";
        await http.Response.StartAsync(end.Token);
        try
        {
            await Write(http.Response, query["resourceVersion"], query["allowWatchBookmarks"] == "true", end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // It ends as all watches do.
        }
    }

    private async Task Write(HttpResponse response, string? from, bool withBookmarks, CancellationToken end)
    {
        if (!long.TryParse(from, CultureInfo.InvariantCulture, out var revision) || revision == 0)
        {
            (var items, revision) = store.List(path.Kind, path.Namespace, selector);
            await Send(response, items.Select(static it => new JsonObject { ["type"] = "ADDED", ["object"] = it }), end);
        }

        while (true)
        {
            Task more;
            try
            {
                (var events, revision, more) = store.Since(revision);
                await Send(response, events.Where(e => e.Kind == path.Kind && (path.Namespace is null || e.Namespace == path.Namespace)).Select(e => e.For(selector)).OfType<JsonObject>(), end);
            }
            catch (ApiFault gone)
            {
                await Send(response, [new JsonObject { ["type"] = "ERROR", ["object"] = gone.Status }], end);
                return;
            }

            if (await Task.WhenAny(more, Task.Delay(Bookmarks, end)) != more)
            {
                end.ThrowIfCancellationRequested();
                await Send(response, withBookmarks ? [Bookmark(revision)] : [], end);
            }
        }
    }

    private JsonObject Bookmark(long revision) => new()
    {
        ["type"] = "BOOKMARK",
        ["object"] = new JsonObject
        {
            ["kind"] = path.Kind.Kind,
            ["apiVersion"] = path.Kind.ApiVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) },
        },
    };

    private static async Task Send(HttpResponse response, IEnumerable<JsonObject> events, CancellationToken end)
    {
        foreach (var told in events)
        {
            await response.Body.WriteAsync(Encoding.UTF8.GetBytes($"{told.ToJsonString()}\n"), end);
        }

        await response.Body.FlushAsync(end);
    }
}
