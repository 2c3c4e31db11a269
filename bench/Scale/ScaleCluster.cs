using System.Collections.Concurrent;
using System.Diagnostics;
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

/// <summary>
/// Silos over sockets of the loopback address, with their membership in a file: front ends without devices, and silos of simulated devices, the last of which is a process of its own that can be
/// killed. What is counted is that of the silos in this process.
/// </summary>
/// <param name="silos">How many there are to be.</param>
/// <param name="fronts">How many of them are front ends; with 0 each has devices and takes calls.</param>
/// <param name="devices">Devices of each of the others.</param>
/// <param name="file">The file of the membership.</param>
internal sealed class ScaleCluster(int silos, int fronts, int devices, string file) : IAsyncDisposable
{
    private const int FirstPort = 21_000;

    private readonly SimulatedDeviceSpec _spec = SimulatedDeviceSpec.Parse("sim:h100-sxm:tp8");
    private readonly ModelShape _model = SimulatedModels.Find("sim:llama-3-70b-fp8");
    private readonly SilentTokenizer _tokenizer = new();
    private readonly ConcurrentBag<OwnedEngine> _engines = [];
    private Process? _apart;

    /// <summary>How many there are to be.</summary>
    public int Size => silos;

    /// <summary>Devices of all of them.</summary>
    public int Devices => (silos - fronts) * devices;

    /// <summary>Those that run.</summary>
    public List<IHost> Hosts { get; } = [];

    /// <summary>Starts them, four at a time.</summary>
    public async Task Start(CancellationToken stop)
    {
        foreach (var some in Enumerable.Range(0, silos - 1).Chunk(4))
        {
            var hosts = some.Select(Build).ToList();
            await Task.WhenAll(hosts.Select(host => host.StartAsync(stop)));
            Hosts.AddRange(hosts);
        }

        _apart = Process.Start(Path.Combine(AppContext.BaseDirectory, "Crescent.Bench"), ["scale-silo", "--number", $"{silos - 1}", "--fronts", $"{fronts}", "--devices", $"{devices}", "--file", file]);
    }

    /// <summary>Runs one of the silos until it is told to stop.</summary>
    public async Task Run(int number, CancellationToken stop)
    {
        using var host = Build(number);
        await host.RunAsync(stop);
    }

    /// <summary>Kills the silo that is a process of its own.</summary>
    /// <returns>Its name.</returns>
    public string Kill()
    {
        _apart!.Kill();
        return Name(silos - 1);
    }

    public async ValueTask DisposeAsync()
    {
        _apart?.Kill();
        _apart?.Dispose();

        // A bench need not take leave of each.
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await Task.WhenAll(Hosts.Select(host => host.StopAsync(now.Token).ContinueWith(static _ => { }, TaskScheduler.Default)));
        foreach (var engine in _engines)
        {
            engine.Dispose();
        }
    }

    private static string Name(int number) => $"silo-{number}";

    private IHost Build(int number)
    {
        var isFront = number < fronts;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var text = new SimulatedText(_tokenizer);
        builder.UseOrleans(silo =>
        {
            silo.Configure<SiloOptions>(options => options.SiloName = Name(number));
            silo.Configure<EndpointOptions>(options =>
            {
                options.AdvertisedIPAddress = IPAddress.Loopback;
                options.SiloPort = FirstPort + number;
                options.GatewayPort = 0;
            });
            silo.UseFileMembership(file, "scale");

            // Each sign of life is a new file, which all silos of a machine read at once: too much for so many.
            silo.Configure<ClusterMembershipOptions>(static options => options.IAmAliveTablePublishTimeout = TimeSpan.FromMinutes(1));
            silo.AddCrescent(new CrescentSiloOptions
            {
                Model = "sim",
                Role = fronts == 0 ? "all" : isFront ? "front" : "device",
                Devices = [.. Enumerable.Range(0, isFront ? 0 : devices).Select(i => new DevicePlan(_spec.DeviceName(i), (_, sink, _) => Engine(i, text, sink)))],
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
