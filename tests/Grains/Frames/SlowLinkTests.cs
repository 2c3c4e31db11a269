using System.Net;
using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Grains;
using Crescent.Grains.Configuration;
using Crescent.Grains.Membership;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;

namespace Crescent.Tests.Grains.Frames;

/// <summary>A front end and two silos of devices over sockets, whose links delay what passes, both ways.</summary>
public sealed class SlowLinkTests : IAsyncLifetime
{
    private const int Streams = 16;

    private readonly TemporaryFolder _folder = new();
    private readonly List<IHost> _hosts = [];
    private readonly List<TestEngine> _engines = [];
    private readonly List<DelayProxy> _proxies = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private IGenerationService Service => _hosts[0].Services.GetRequiredService<IGenerationService>();

    public async ValueTask InitializeAsync()
    {
        foreach (var (name, role) in new[] { ("front", "front"), ("near", "device"), ("far", "device") })
        {
            _hosts.Add(Build(name, role));
            await _hosts[^1].StartAsync(Stop);
        }

        var ledger = _hosts[0].Services.GetRequiredService<PlacementLedger>();
        await FactoryCluster.Until(() => ledger.Snapshot().Length == 2, "the front end knows both devices");
    }

    public async ValueTask DisposeAsync()
    {
        _proxies.ForEach(static proxy => proxy.Delay = TimeSpan.Zero);
        _engines.ForEach(static engine => engine.Free());
        foreach (var host in _hosts)
        {
            using var now = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await host.StopAsync(now.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            host.Dispose();
        }

        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task Tokens_come_late_and_all_of_them()
    {
        // Silos share connections, so that which proxy a message passes hangs on who made the first.
        _proxies.ForEach(static proxy => proxy.Delay = TimeSpan.FromMilliseconds(300));
        var passed = _proxies.Sum(static proxy => proxy.Passed);
        var running = Running();
        await Task.WhenAll(running.Select(static call => call.Ended));
        Assert.All(running, static call => Assert.Equal(FactoryCluster.Expected(call.Call), call.Tokens));
        Assert.Equal(2, running.Select(static call => call.Usage!.Device).Distinct().Count());
        Assert.True(_proxies.Sum(static proxy => proxy.Passed) > passed);
    }

    private RunningCall[] Running() => [.. Enumerable.Range(0, Streams).Select(i => new RunningCall(Service, FactoryCluster.Call(i, maxTokens: 20)))];

    private IHost Build(string name, string role)
    {
        var port = DelayProxy.FreePort();
        var proxy = new DelayProxy(port);
        _proxies.Add(proxy);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleans(silo =>
        {
            silo.Configure<SiloOptions>(options => options.SiloName = name);
            silo.Configure<EndpointOptions>(options =>
            {
                options.AdvertisedIPAddress = IPAddress.Loopback;
                options.SiloPort = proxy.Port;
                options.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, port);
                options.GatewayPort = 0;
            });
            silo.UseFileMembership(_folder.At("members.json"), "slow-link");
            silo.Services.Configure<PlacementOptions>(static options => options.Policy = LeastQueuePolicy.PolicyName);
            silo.AddCrescent(new CrescentSiloOptions
            {
                Model = "test-model",
                Role = role,
                Devices = role == "front" ? [] : [new DevicePlan("history", (_, sink, _) => Own(sink))],
            });
        });
        return builder.Build();
    }

    private OwnedEngine Own(IEngineSink sink)
    {
        var engine = new TestEngine(sink);
        _engines.Add(engine);
        return new OwnedEngine(engine, engine);
    }
}
