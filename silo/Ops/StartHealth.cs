using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Stores;

namespace Crescent.Silo.Ops;

/// <summary>
/// The health of a silo that has not joined yet, on its ops addresses: it lives, it is not ready, and its start is not over, unless the store is all that it waits for: whoever restarts
/// what does not start would only make it wait again. It makes room for the silo's own HTTP when that is about to listen. A port that is left open is nobody's to ask, and has none.
/// </summary>
internal sealed class StartHealth(HttpOptions options, StoreState store) : IHostedService, IAsyncDisposable
{
    public const string Joining = "joining";
    public const string WaitingForStore = "waiting_for_store";

    private WebApplication? _early;

    /// <summary>Begins to answer.</summary>
    public async Task Listen(CancellationToken cancellationToken)
    {
        var urls = options.OpsAddresses.Where(static address => address.Port != 0).Select(static address => address.ToString()).ToArray();
        if (urls.Length == 0)
        {
            return;
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().UseUrls(urls).ConfigureKestrel(static kestrel => kestrel.AddServerHeader = false);
        _early = builder.Build();
        _early.Run(Answer);
        await _early.StartAsync(cancellationToken);
    }

    /// <summary>Ends it: the silo has joined, and its own HTTP comes next.</summary>
    public async Task StartAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _early, null) is { } early)
        {
            await early.DisposeAsync();
        }
    }

    private Task Answer(HttpContext http)
    {
        if (http.Request.Path == HealthEndpoint.Live)
        {
            return Results.Text("live").ExecuteAsync(http);
        }

        var status = store.Fault is null ? Joining : WaitingForStore;
        var hasStarted = http.Request.Path == HealthEndpoint.Startup && status == WaitingForStore;
        return Results.Json(
            new HealthReport(status, "", 0, 0, store.Fault), ApiJson.Readable.HealthReport, statusCode: hasStarted ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable).ExecuteAsync(http);
    }
}
