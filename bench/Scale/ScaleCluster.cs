using System.Collections.Concurrent;
using System.Net;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Scheduling;
using Crescent.Grains;
using Crescent.Grains.Configuration;
using Crescent.Grains.Membership;
using Crescent.Grains.Telemetry;
using Crescent.Lab.Virtual;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Serialization;

namespace Crescent.Bench.Scale;

/// <summary>Silos in this process, each with simulated devices, over sockets of the loopback address, with their membership in a file.</summary>
internal sealed class ScaleCluster(int silos, int devices) : IAsyncDisposable
{
    private const int FirstPort = 21_000;

    private readonly SimulatedDeviceSpec _spec = SimulatedDeviceSpec.Parse("sim:h100-sxm:tp8");
    private readonly ModelShape _model = SimulatedModels.Find("sim:llama-3-70b-fp8");
    private readonly SilentTokenizer _tokenizer = new();
    private readonly ConcurrentBag<OwnedEngine> _engines = [];
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("crescent-scale-").FullName, "members.json");

    /// <summary>How many there are to be.</summary>
    public int Size => silos;

    /// <summary>Devices of all of them.</summary>
    public int Devices => silos * devices;

    /// <summary>Those that run.</summary>
    public List<IHost> Hosts { get; } = [];

    /// <summary>Starts them, eight at a time.</summary>
    public async Task Start(CancellationToken stop)
    {
        foreach (var some in Enumerable.Range(0, silos).Chunk(8))
        {
            var hosts = some.Select(Build).ToList();
            await Task.WhenAll(hosts.Select(host => host.StartAsync(stop)));
            Hosts.AddRange(hosts);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A bench need not take leave of each.
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await Task.WhenAll(Hosts.Select(host => host.StopAsync(now.Token).ContinueWith(static _ => { }, TaskScheduler.Default)));
        foreach (var engine in _engines)
        {
            engine.Dispose();
        }

        Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);
    }

    private IHost Build(int number)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var text = new SimulatedText(_tokenizer);
        builder.UseOrleans(silo =>
        {
            silo.Configure<SiloOptions>(options => options.SiloName = $"silo-{number}");
            silo.Configure<EndpointOptions>(options =>
            {
                options.AdvertisedIPAddress = IPAddress.Loopback;
                options.SiloPort = FirstPort + number;
                options.GatewayPort = 0;
            });
            silo.UseFileMembership(_file, "scale");
            silo.AddCrescent(new CrescentSiloOptions
            {
                Model = "sim",
                Devices = [.. Enumerable.Range(0, devices).Select(i => new DevicePlan(_spec.DeviceName(i), (_, sink, _) => Engine(i, text, sink)))],
            });
            silo.Services.AddSingleton<ITelemetryClient>(static s => new CountedTelemetry(ActivatorUtilities.CreateInstance<TelemetryClient>(s), s.GetRequiredService<Serializer>()));
        });
        return builder.Build();
    }

    private OwnedEngine Engine(int index, SimulatedText text, IEngineSink sink)
    {
        var device = new SimulatedDevice(_spec, index, _model, text);
        var paced = new PacedDevice(device);
        var engine = new InferenceEngine(paced, _tokenizer, "sim", sink, device.Power, new EngineOptions());
        var whole = new OwnedEngine(engine, new EngineDriver(engine), engine, paced);
        _engines.Add(whole);
        return whole;
    }
}
