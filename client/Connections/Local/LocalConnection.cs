using System.Runtime.CompilerServices;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Contracts.Planning;
using Crescent.Grains.Contracts.Local;
using Crescent.Grains.Contracts.Membership;
using Crescent.Grains.Contracts.Power;
using Crescent.Sdk;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Crescent.Client.Connections.Local;

/// <summary>A cluster on this machine, reached over Orleans through the gateways in its membership file.</summary>
internal sealed class LocalConnection : IFactoryConnection
{
    // Reading the state is idempotent, so a call that a dying gateway swallowed is simply made again.
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(5);

    // A cluster is announced once it serves: a gateway that does not answer by then will not.
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConnectPause = TimeSpan.FromMilliseconds(200);

    private readonly IHost _host;
    private readonly IClusterClient _cluster;
    private readonly ClusterChatClient _chat;
    private readonly GatewayLosses _losses;
    private readonly LocalFailures _failures;
    private readonly TimeSpan _timeout;

    private LocalConnection(IHost host, GatewayLosses losses, LocalFailures failures, TimeSpan timeout)
    {
        _host = host;
        _cluster = host.Services.GetRequiredService<IClusterClient>();
        _chat = new ClusterChatClient(_cluster, new CrescentClientOptions { OverOrleans = true, Timeout = timeout });
        _losses = losses;
        _failures = failures;
        _timeout = timeout;
    }

    /// <summary>Connects to the cluster that <paramref name="settings"/> name, or to the newest that runs.</summary>
    /// <exception cref="FactoryException">None runs, or none of its gateways answers.</exception>
    public static async Task<IFactoryConnection> Connect(ConnectionSettings settings, CancellationToken cancellationToken)
    {
        var cluster = Find(settings.Cluster);
        var failures = new LocalFailures(cluster, settings.Timeout);
        var losses = new GatewayLosses();
        var host = Host(cluster, losses, settings.Verbose);
        try
        {
            await Deadlines.Within(
                async stop =>
                {
                    await host.StartAsync(stop);
                    return true;
                },
                settings.Timeout,
                cancellationToken).Translating(failures.TranslateConnecting);
        }
        catch
        {
            host.Dispose();
            throw;
        }

        return new LocalConnection(host, losses, failures, settings.Timeout);
    }

    /// <summary>Address of the HTTP front end of the cluster that <paramref name="announcement"/> names, or of the newest that runs.</summary>
    /// <exception cref="FactoryException">None runs.</exception>
    public static Uri Url(FileInfo? announcement) => new(Find(announcement).Url);

    public async IAsyncEnumerable<ChatResponseUpdate> Chat(
        IEnumerable<ChatMessage> messages, ChatOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var alarm = _losses.Watch();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, alarm.Token);
        var updates = _chat.GetStreamingResponseAsync(messages, options, end.Token);
        await foreach (var update in updates.Translating(e => _failures.Translate(e, alarm.Token.IsCancellationRequested && !cancellationToken.IsCancellationRequested)))
        {
            alarm.Progress();
            yield return update;
        }
    }

    public Task<FactorySnapshot> GetFactory(CancellationToken cancellationToken) =>
        Look(stop => _cluster.GetGrain<IFactoryGrain>(0).GetSnapshot(stop), cancellationToken);

    public async Task<DecisionAnswer> GetDecisions(string requestId, CancellationToken cancellationToken)
    {
        var answer = await Look(stop => _cluster.GetGrain<IFactoryGrain>(0).GetDecisions(requestId, stop), cancellationToken);
        return answer.Decisions.Count > 0 ? answer : throw new FactoryException(
            $"No decision about '{requestId}' is remembered: each front end keeps its last {DecisionAnswer.Kept}, by the `id` of the completion", Remedies.Decision);
    }

    public Task Drain(string device, bool drained, CancellationToken cancellationToken) => Deadlines
        .Within(
            async stop =>
            {
                await _cluster.GetGrain<IFactoryGrain>(0).Drain(device, drained, stop);
                return true;
            },
            _timeout,
            cancellationToken)
        .Translating(e => _failures.Translate(e, gatewayLost: false));

    public Task LoadModel(string device, string model, double drainSeconds, CancellationToken cancellationToken) => Deadlines
        .Within(
            async stop =>
            {
                await _cluster.GetGrain<IFactoryGrain>(0).LoadModel(device, model, drainSeconds, stop);
                return true;
            },
            _timeout,
            cancellationToken)
        .Translating(e => _failures.Translate(e, gatewayLost: false));

    private async Task<T> Look<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var left = _timeout - TimeProvider.System.GetElapsedTime(began);
            try
            {
                return await Deadlines.Within(
                    ask, left < LongestLook ? left : LongestLook, cancellationToken)
                    .Translating(e => e is TimeoutException && left > LongestLook ? null : _failures.Translate(e, gatewayLost: false));
            }
            catch (TimeoutException)
            {
                // The look was shorter than the time that is left.
            }
        }
    }

    public Task<PowerSnapshot> GetPower(CancellationToken cancellationToken) =>
        Ask(static (grain, stop) => grain.GetPower(stop), cancellationToken);

    public Task<PowerSnapshot> SetBudgets(PowerBudgetSettings budgets, CancellationToken cancellationToken) =>
        Ask((grain, stop) => grain.SetBudgets(budgets, stop), cancellationToken);

    public Task<PlannerSnapshot> GetPlan(CancellationToken cancellationToken) => Deadlines
        .Within(stop => _cluster.GetGrain<IPlannerGrain>(0).GetPlan().WaitAsync(stop), _timeout, cancellationToken)
        .Translating(e => _failures.Translate(e, gatewayLost: false));

    private Task<PowerSnapshot> Ask(Func<IPowerGrain, CancellationToken, Task<PowerSnapshot>> ask, CancellationToken cancellationToken) => Deadlines
        .Within(stop => ask(_cluster.GetGrain<IPowerGrain>(0), stop), _timeout, cancellationToken)
        .Translating(e => _failures.Translate(e, gatewayLost: false));

    public async ValueTask DisposeAsync()
    {
        _chat.Dispose();
        using var stop = new CancellationTokenSource(Deadlines.Farewell);
        await _host.StopAsync(stop.Token).WaitAsync(Deadlines.Farewell, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _host.Dispose();
    }

    private static LocalCluster Find(FileInfo? announcement)
    {
        if (announcement is null)
        {
            return LocalCluster.FindRunning()
                ?? throw new FactoryException("No cluster runs on this machine", $"Start one with {StartHint.Command}, or name a front end with --url.");
        }

        var cluster = LocalCluster.Read(announcement.FullName)
            ?? throw new FactoryException($"{announcement} announces no cluster", $"Name the {LocalCluster.FileName} of a run below {LocalCluster.RunsFolder}.");
        return cluster.IsRunning
            ? cluster
            : throw new FactoryException($"The cluster that {announcement} announces has ended", $"Start one with {StartHint.Command}.");
    }

    private static IHost Host(LocalCluster cluster, GatewayLosses losses, bool verbose)
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });

        // The console handles Ctrl+C itself.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Logging.ClearProviders();
        if (verbose)
        {
            builder.Logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(options => options.SingleLine = true);
            builder.Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        }

        var began = TimeProvider.System.GetTimestamp();
        builder.UseOrleansClient(client => client
            .UseConnectionRetryFilter(async (_, stop) =>
            {
                await Task.Delay(ConnectPause, stop);
                return TimeProvider.System.GetElapsedTime(began) < LongestConnect;
            })
            .UseFileGateways(cluster.MembershipFile, cluster.ClusterId)
            .AddGatewayCountChangedHandler(losses.OnCountChanged));
        return builder.Build();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
