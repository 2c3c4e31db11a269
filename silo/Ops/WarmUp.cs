using System.Diagnostics;
using System.Text.Json;
using System.Text;
using Crescent.Grains.Models;
using Crescent.Grains.Telemetry;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Net.Http.Headers;
using Microsoft.AspNetCore.Hosting.Server;

namespace Crescent.Silo.Ops;

/// <summary>
/// Small requests that a front end sends to itself once it sees its first device, so that everything on their way is compiled before a user's
/// first request comes; until they are through, or their time is over, it says that it is not ready. They count like others, for the tenant
/// <see cref="Tenant"/>.
/// </summary>
internal sealed partial class WarmUp(HttpOptions options, ModelCatalogue models, IServer server, IDeviceReports reports, ProcessKey key, ILogger<WarmUp> logger)
    : BackgroundService
{
    /// <summary>Whose requests they are.</summary>
    public const string Tenant = ProcessKey.Tenant;

    // A method is compiled for good after its thirtieth call.
    private const int Requests = 40;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

    private volatile bool _isDone = options.WarmUpSeconds == 0;

    /// <summary>True once no more of it comes.</summary>
    public bool IsDone => _isDone;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_isDone)
        {
            return;
        }

        try
        {
            var (address, devices) = await Ready(stoppingToken);
            var start = Stopwatch.GetTimestamp();
            var sent = await Send(address, Math.Clamp(devices, 1, Environment.ProcessorCount), stoppingToken);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            LogDone(sent, seconds);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // Users' requests will say what is wrong.
            LogFailed(e.Message);
        }
        finally
        {
            _isDone = true;
        }
    }

    /// <summary>Waits for the first device, and gives where to send to and how many devices there are.</summary>
    private async Task<(string Address, int Devices)> Ready(CancellationToken stop)
    {
        while (true)
        {
            if (server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } address && reports.Newest().Count is > 0 and var devices)
            {
                return (address, devices);
            }

            await Task.Delay(BetweenLooks, stop);
        }
    }

    /// <summary>Sends requests until there were enough of them or the time is over, and gives their number.</summary>
    private async Task<int> Send(string address, int atOnce, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(options.WarmUpSeconds));
        using var http = new HttpClient { BaseAddress = new Uri(HttpOptions.Reachable(address)) };
        http.DefaultRequestHeaders.Add(HeaderNames.Authorization, key.Header);

        // Of no use to whoever reads traces.
        http.DefaultRequestHeaders.Add(HeaderNames.TraceParent, $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
        var sent = 0;
        try
        {
            await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
            {
                for (var i = Interlocked.Increment(ref sent); i <= Requests; i = Interlocked.Increment(ref sent))
                {
                    await Send(http, i, deadline.Token);
                }
            }));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
        }

        return Math.Min(sent, Requests);
    }

    /// <summary>Chats and completions, greedy and drawn, streamed and whole, in turn.</summary>
    private async Task Send(HttpClient http, int number, CancellationToken cancellation)
    {
        var chat = number % 2 == 0;
        var prompt = chat ? $$"""[{"role":"user","content":"Hello, number {{number}}."}]""" : $"\"Hello, number {number}.\"";
        var body = $$"""
            {"model":"{{JsonEncodedText.Encode(models.Default.Id)}}","{{(chat ? "messages" : "prompt")}}":{{prompt}},"max_tokens":8,"user":"{{Tenant}}",
            "temperature":{{(number % 4 < 2 ? "0" : "0.8")}},"top_p":0.95,"seed":{{number}},"stream":{{(number % 3 == 0 ? "false" : "true")}}}
            """;
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(chat ? "/v1/chat/completions" : "/v1/completions", content, cancellation);
        await answer.Content.CopyToAsync(Stream.Null, cancellation);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Warmed up by {Sent} requests in {Seconds:0.00} s.")]
    private partial void LogDone(int sent, double seconds);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Could not warm up: {Reason}")]
    private partial void LogFailed(string reason);
}
