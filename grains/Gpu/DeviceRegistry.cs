using Crescent.Control.Health;
using Crescent.Grains.Configuration;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Gpu;

/// <summary>The devices that this silo may open. Their grains open and close them; this says what there is, and tells the others of it.</summary>
internal sealed class DeviceRegistry : IAsyncDisposable
{
    private readonly CrescentSiloOptions _options;
    private readonly ILocalSiloDetails _silo;
    private readonly IPowerWord _power;
    private readonly ILogger<DeviceRegistry> _logger;
    private readonly Dictionary<string, DeviceSlot> _slots = new(StringComparer.Ordinal);
    private long _reportSequence;
    private volatile bool _draining;
    private bool _forsaken;

    public DeviceRegistry(
        CrescentSiloOptions options,
        ILocalSiloDetails silo,
        DeviceOpener opener,
        IOptions<HealthOptions> health,
        TimeProvider time,
        IPowerWord power,
        ILogger<DeviceRegistry> logger)
    {
        (_options, _silo, _power, _logger) = (options, silo, power, logger);
        if (silo.Name.Contains('/', StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"A silo's name must have no slash, which stands between silo and device: '{silo.Name}'.");
        }

        foreach (var plan in options.Devices)
        {
            if (!_slots.TryAdd(plan.Name, new DeviceSlot(new DeviceKey(silo.Name, plan.Name), plan, opener, health.Value, power, time, logger)))
            {
                throw new InvalidOperationException($"Silo {silo.Name} has two devices with the name {plan.Name}.");
            }
        }
    }

    /// <summary>All devices, open or not.</summary>
    public IReadOnlyCollection<DeviceSlot> Slots => _slots.Values;

    /// <summary>The devices that are open now.</summary>
    public IEnumerable<HostedDevice> Devices => _slots.Values.Select(static s => s.Device).OfType<HostedDevice>();

    /// <summary>True once the silo takes no new work.</summary>
    public bool IsDraining => _draining;

    /// <summary>Sequences on all devices.</summary>
    public int Live => _slots.Values.Sum(static s => s.Live);

    /// <summary>Number of the newest report.</summary>
    public long ReportSequence => Interlocked.Read(ref _reportSequence);

    /// <summary>The device <paramref name="name"/>, or null when this silo has none of that name.</summary>
    public DeviceSlot? Find(string name) => _slots.GetValueOrDefault(name);

    /// <summary>Lowers all caps as far as they go, once for each time that the governor was lost.</summary>
    public void FallBackIf(bool isForsaken)
    {
        if (isForsaken && !_forsaken)
        {
            foreach (var device in Devices)
            {
                device.Cap?.FallBack();
            }

            DeviceLog.Forsaken(_logger, _power.AgeSeconds, _slots.Count);
        }

        _forsaken = isForsaken;
    }

    /// <summary>From now on no device takes work.</summary>
    public void Drain() => _draining = true;

    /// <summary>Gives up the links to front ends that are not <paramref name="alive"/>.</summary>
    public void KeepLinks(Predicate<SiloAddress> alive)
    {
        foreach (var device in Devices)
        {
            device.KeepLinks(alive);
        }
    }

    /// <summary>The state of this silo and its devices now; each call gives the next sequence number.</summary>
    public SiloReport Report() => new()
    {
        // The number is drawn first: what is accepted after it may be in the report, what is accepted before it is.
        Sequence = Interlocked.Increment(ref _reportSequence),
        Silo = _silo.SiloAddress,
        Name = _silo.Name,
        Role = _options.Role,
        Draining = _draining,
        Devices = [.. _slots.Values.Select(static s => s.Report()).OfType<DeviceReport>()],
    };

    /// <summary>Closes what the deactivation of the grains has not. Where a step hangs, the weights that it may read stay where they are until the process ends.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_slots.Values.Select(static s => s.CloseForGood()));
        if (_options.Models is { } models && !_slots.Values.All(static s => s.HasEnded))
        {
            models.Keep();
            DeviceLog.Kept(_logger, string.Join(", ", _slots.Values.Where(static s => !s.HasEnded).Select(static s => s.Key)));
        }
    }
}
