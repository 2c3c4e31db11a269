using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Crescent.Tests.Kubernetes.Cluster.Api;

/// <summary>
/// A fake of Kubernetes' API server for the kinds that overlays and clusters are made of: lists and watches by revision, stale writes refused, merge patches,
/// <c>/status</c>, <c>/scale</c>, evictions, Leases, unknown fields refused, and nobody allowed what no Role of its own says. It has no admission, no defaults, no
/// garbage collection and no discovery, and is not a control plane.
/// </summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private const string Loopback = "http://127.0.0.1:0";

    private readonly ConcurrentDictionary<string, ApiUser> _users = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly ApiAccess _access;
    private readonly ApiVerbs _verbs;
    private readonly WebApplication _app;

    private ApiServer(WebApplication app)
    {
        (_app, _access, _verbs) = (app, new ApiAccess(Store), new ApiVerbs(Store));
        app.Run(Answer);
    }

    /// <summary>What it keeps.</summary>
    public ApiStore Store { get; } = new();

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Where pods find it; null where it is for none.</summary>
    public Uri? PodUrl { get; private set; }

    /// <summary>Starts one on a free port of the loopback address, and of <paramref name="pods"/>, if that is given.</summary>
    public static async Task<ApiServer> Start(IPAddress? pods = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseUrls([Loopback, .. pods is null ? Array.Empty<string>() : [$"http://{pods}:0"]]).ConfigureKestrel(static kestrel => kestrel.Limits.MinResponseDataRate = null);
        var server = new ApiServer(builder.Build());
        await server._app.StartAsync();
        var urls = server._app.Urls.Select(static url => new Uri(url)).ToList();
        (server.Url, server.PodUrl) = (urls.Single(static url => url.IsLoopback), urls.SingleOrDefault(static url => !url.IsLoopback));
        return server;
    }

    /// <summary>Kubernetes' own client, as somebody.</summary>
    public k8s.Kubernetes Client(ApiUser user) => new(new KubernetesClientConfiguration { Host = Url.ToString(), AccessToken = TokenOf(user) });

    /// <summary>A fresh token of somebody, as a kubelet puts it into a pod.</summary>
    public string TokenOf(ApiUser user)
    {
        var token = RandomNumberGenerator.GetHexString(32);
        _users[token] = user;
        return token;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _stop.Dispose();
    }

    private async Task Answer(HttpContext http)
    {
        try
        {
            await Answer(http, Caller(http.Request), ApiPath.Read(http.Request.Path));
        }
        catch (ApiFault fault)
        {
            await Write(http, fault.Code, fault.Status);
        }
        catch (JsonException e)
        {
            await Write(http, StatusCodes.Status400BadRequest, ApiFault.Bad(e.Message).Status);
        }
        catch (InvalidOperationException e)
        {
            // A value of another type than this server reads there.
            await Write(http, StatusCodes.Status500InternalServerError, new ApiFault(500, "InternalError", e.ToString()).Status);
        }
    }

    private async Task Answer(HttpContext http, ApiUser user, ApiPath path)
    {
        var request = http.Request;
        var isWatch = request.Query["watch"] == "true";
        var verb = request.Method switch
        {
            "GET" => path.Name is not null ? "get" : isWatch ? "watch" : "list",
            "POST" => "create",
            "PUT" when path.Name is not null => "update",
            "PATCH" when path.Name is not null => "patch",
            "DELETE" when path.Name is not null => "delete",
            _ => throw new ApiFault(405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
        };
        _access.Check(user, verb, path.Kind, path.Subresource, path.Namespace, path.Name);
        switch (verb)
        {
            case "watch":
                await new ApiWatch(Store, path, Selector(request)).Write(http, _stop.Token);
                break;
            case "list":
                await Write(http, StatusCodes.Status200OK, List(path, Selector(request)));
                break;
            case "get":
                await Write(http, StatusCodes.Status200OK, _verbs.Get(path));
                break;
            case "create":
                await Write(http, StatusCodes.Status201Created, _verbs.Create(path, await Body(request)));
                break;
            case "update":
                await Write(http, StatusCodes.Status200OK, _verbs.Replace(path, await Body(request)));
                break;
            case "patch":
                await Write(http, StatusCodes.Status200OK, _verbs.Patch(path, await Body(request), (request.ContentType ?? "").Split(';')[0]));
                break;
            default:
                await Write(http, StatusCodes.Status200OK, _verbs.Delete(path, request.ContentLength > 0 ? await Body(request) : null));
                break;
        }
    }

    private JsonObject List(ApiPath path, ApiSelector selector)
    {
        var (items, revision) = Store.List(path.Kind, path.Namespace, selector);
        return new JsonObject
        {
            ["kind"] = $"{path.Kind.Kind}List",
            ["apiVersion"] = path.Kind.ApiVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) },
            ["items"] = new JsonArray([.. items]),
        };
    }

    private ApiUser Caller(HttpRequest request) => request.Headers.Authorization.ToString() switch
    {
        "" => ApiUser.Anonymous,
        var header when header.StartsWith("Bearer ", StringComparison.Ordinal) && _users.TryGetValue(header[7..], out var user) => user,
        _ => throw new ApiFault(401, "Unauthorized", "Unauthorized"),
    };

    private static ApiSelector Selector(HttpRequest request) => new(request.Query["labelSelector"], request.Query["fieldSelector"]);

    private static async Task<JsonObject> Body(HttpRequest request) =>
        await JsonNode.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted) as JsonObject ?? throw ApiFault.Bad("the body of the request is no object");

    private static async Task Write(HttpContext http, int code, JsonObject answer)
    {
        (http.Response.StatusCode, http.Response.ContentType) = (code, "application/json");
        await http.Response.WriteAsync(answer.ToJsonString(), http.RequestAborted);
    }
}
