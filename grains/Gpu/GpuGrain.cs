using Crescent.Grains.Configuration;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Crescent.Grains.Gpu;

/// <inheritdoc cref="IGpuGrain"/>
[SiloPinnedPlacement, GrainDirectory(NoDirectory.Name), Immovable, KeepAlive, Reentrant]
internal sealed class GpuGrain : Grain, IGpuGrain
{
    private readonly DeviceRegistry _devices;
    private readonly DeviceDoor _door;
    private readonly ILocalSiloDetails _silo;
    private readonly CrescentSiloOptions _options;
    private readonly KvDumps _dumps;
    private DeviceSlot _slot = null!;

    public GpuGrain(DeviceRegistry devices, DeviceDoor door, ILocalSiloDetails silo, CrescentSiloOptions options)
    {
        (_devices, _silo, _options, _door) = (devices, silo, options, door);
        _dumps = new KvDumps(
            cancellation => _slot.Device?.Engine.DumpKvAsync(cancellation) ?? throw new OperationCanceledException($"{_slot.Key} is not open."));
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = DeviceKey.Parse(this.GetPrimaryKeyString());
        _slot = (key.Silo == _silo.Name ? _devices.Find(key.Device) : null) ?? throw new InvalidOperationException(
            $"Silo {_silo.Name} does not own {key}; its devices are: {string.Join(", ", _devices.Slots.Select(static d => d.Key))}.");

        // Calls are answered meanwhile: they are refused, and go elsewhere.
        if (_slot.MayOpen && !_devices.IsDraining)
        {
            Open().Ignore();
        }

        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => _slot.Close(this);

    public async Task Open() => await (_devices.IsDraining ? throw new InvalidOperationException($"{_slot.Key} is draining.") : _slot.Open(this));

    public Task Close()
    {
        // What was to be closed a moment ago may be wanted again.
        if (_slot.IsToClose)
        {
            DeactivateOnIdle();
        }

        return Task.CompletedTask;
    }

    public Task<SubmissionReply> Submit(Submission submission) => Task.FromResult(_door.Submit(_slot, submission));

    public Task Drain(bool drained)
    {
        // One that was drained for long has given its memory back: the keeper opens it again.
        _slot.IsOutOfService = drained;
        return Task.CompletedTask;
    }

    public Task Load(string model, double drainSeconds)
    {
        var models = _options.Models ?? throw new ArgumentException($"{_slot.Key} has no models to choose from.", nameof(model));
        _slot.Load(
            models.Find(model) ?? throw new ArgumentException($"There is no model '{model}'; the cluster knows {models.Names}.", nameof(model)),
            TimeSpan.FromSeconds(drainSeconds));
        return Task.CompletedTask;
    }

    public Task Cancel(long[] tickets)
    {
        _slot.Device?.Cancel(tickets);
        return Task.CompletedTask;
    }

    public Task<MissingReply> FindMissing(long[] tickets)
    {
        var device = _slot.Device;
        return Task.FromResult(new MissingReply([.. tickets.Where(t => device is null || !device.Has(t))], device?.Engine.State.Steps ?? 0));
    }

    public Task<KvDumpPage> DumpKv(long dump, int offset) => _dumps.Page(dump, offset);

    public Task<DeviceReport> GetState() => Task.FromResult(_slot.Report() ?? throw NotOpen());

    public Task<double> SetCap(CapCommand command) => Task.FromResult(Device.Cap is { } cap
        ? cap.Take(command.Order(_slot.Key.ToString())).Watts
        : throw new InvalidOperationException($"{_slot.Key} has no power cap to set."));

    private HostedDevice Device => _slot.Device ?? throw NotOpen();

    private InvalidOperationException NotOpen() => new(_slot.Closed ?? $"{_slot.Key} is not open.");
}
