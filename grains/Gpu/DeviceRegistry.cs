using Crescent.Control.Power;
using Crescent.Grains.Configuration;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Tokens;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gpu;

/// <summary>
/// The devices that this silo owns. It holds their engines; grains only reach them through it, since a directory may for a moment
/// have two activations of a device grain.
/// </summary>
internal sealed class DeviceRegistry(
    CrescentSiloOptions options,
    ILocalSiloDetails silo,
    IServiceProvider services,
    TimeProvider time,
    IPowerWord power,
    FactoryMetrics metrics,
    ILogger<DeviceRegistry> logger) : IAsyncDisposable
{
    private readonly Dictionary<string, HostedDevice> _devices = new(StringComparer.Ordinal);
    private readonly List<OwnedEngine> _engines = [];
    private long _reportSequence;
    private volatile bool _draining;
    private bool _forsaken;

    public IReadOnlyCollection<HostedDevice> Devices => _devices.Values;

    /// <summary>True once the silo takes no new work.</summary>
    public bool IsDraining => _draining;

    /// <summary>Sequences on all devices.</summary>
    public int Live => _devices.Values.Sum(static d => d.Live);

    /// <summary>Number of the newest report.</summary>
    public long ReportSequence => Interlocked.Read(ref _reportSequence);

    /// <summary>Builds the engines; once, before the silo joins the cluster.</summary>
    public void Open()
    {
        if (silo.Name.Contains('/', StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"A silo's name must have no slash, which stands between silo and device: '{silo.Name}'.");
        }

        foreach (var factory in options.Devices)
        {
            var live = new LiveSequences();
            HostedDevice? device = null;
            var sink = new FrameSink(live, (front, observer) => new FrameLink(device!.Key.ToString(), front, observer, time, metrics, logger)
            {
                Unwanted = device.Cancel,
                Broken = device.Abandon,
            });
            var owned = factory(services, sink);
            _engines.Add(owned);
            var engine = owned.Engine;
            var key = new DeviceKey(silo.Name, engine.Device.Name);
            device = new HostedDevice(key, engine, live, sink)
            {
                // It begins with the lowest cap: who knows what budget is in force.
                Cap = engine.PowerCap is { } cap ? new CapKeeper(cap, time.GetUtcNow().UtcTicks) : null,
                Node = options.Node ?? engine.Device.Node ?? silo.Name,
                Rack = options.Rack ?? engine.Device.Rack ?? "",
                LacksPower = () => power.Drains(key.ToString()),
            };
            if (!_devices.TryAdd(engine.Device.Name, device))
            {
                throw new InvalidOperationException($"Silo {silo.Name} has two devices with the name {engine.Device.Name}.");
            }
        }
    }

    /// <summary>The device <paramref name="name"/>, or null when this silo has none of that name.</summary>
    public HostedDevice? Find(string name) => _devices.GetValueOrDefault(name);

    /// <summary>Lowers all caps as far as they go, once for each time that the governor was lost.</summary>
    public void FallBackIf(bool isForsaken)
    {
        if (isForsaken && !_forsaken)
        {
            foreach (var device in _devices.Values)
            {
                device.Cap?.FallBack();
            }

            DeviceLog.Forsaken(logger, power.AgeSeconds, _devices.Count);
        }

        _forsaken = isForsaken;
    }

    /// <summary>From now on no device takes work.</summary>
    public void Drain() => _draining = true;

    /// <summary>Gives up the links to front ends that are not <paramref name="alive"/>.</summary>
    public void KeepLinks(Predicate<SiloAddress> alive)
    {
        foreach (var device in _devices.Values)
        {
            device.KeepLinks(alive);
        }
    }

    /// <summary>The state of this silo and its devices now; each call gives the next sequence number.</summary>
    public SiloReport Report() => new()
    {
        // The number is drawn first: what is accepted after it may be in the report, what is accepted before it is.
        Sequence = Interlocked.Increment(ref _reportSequence),
        Silo = silo.SiloAddress,
        Name = silo.Name,
        Role = options.Role,
        Draining = _draining,
        Devices = [.. _devices.Values.Select(static d => d.Report())],
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines)
        {
            engine.Dispose();
        }

        foreach (var device in _devices.Values)
        {
            await device.CloseLinks();
        }

        _engines.Clear();
        _devices.Clear();
    }
}
