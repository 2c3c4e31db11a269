using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Crescent.Tests.Client.Connections.Http;

/// <summary>An HTTP server on a free port that replies as it is told.</summary>
internal sealed class FrontEnd : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FrontEnd(WebApplication app) => _app = app;

    public Uri Url => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Replies to a chat request.</summary>
    public RequestDelegate Chat { get; set; } = context => Events(context, Encoding.UTF8.GetBytes("data: [DONE]\n\n"));

    public RequestDelegate Factory { get; set; } = context => context.Response.WriteAsync("{}");

    /// <summary>Replies to all that has no reply of its own.</summary>
    public RequestDelegate Other { get; set; } = context => Status(context, 404, "");

    public RequestDelegate Models { get; set; } = context => context.Response.WriteAsync("""{"object":"list","data":[{"id":"crescent-tiny"}]}""");

    /// <summary>The last chat request's body.</summary>
    public string Asked { get; private set; } = "";

    /// <summary>Paths that were asked for.</summary>
    public List<string> Paths { get; } = [];

    public static async Task<FrontEnd> Start()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var server = new FrontEnd(app);
        app.Run(server.Reply);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Writes bytes as an event stream, each piece flushed by itself.</summary>
    public static async Task Events(HttpContext context, params byte[][] pieces)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var piece in pieces)
        {
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>Writes a reply of a status and a body.</summary>
    public static Task Status(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task Reply(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Paths.Add(path);
        switch (path)
        {
            case "/v1/models":
                await Models(context);
                break;
            case "/v1/factory":
                await Factory(context);
                break;
            case "/v1/chat/completions":
                Asked = await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted);
                await Chat(context);
                break;
            default:
                await Other(context);
                break;
        }
    }
}
