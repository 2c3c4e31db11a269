using Crescent.Engine.Scheduling;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Crescent.Grains.Gpu;

/// <inheritdoc cref="IGpuGrain"/>
[SiloPinnedPlacement, GrainDirectory(NoDirectory.Name), Immovable, KeepAlive, Reentrant]
internal sealed class GpuGrain(DeviceRegistry devices, ILocalSiloDetails silo) : Grain, IGpuGrain
{
    private HostedDevice _device = null!;
    private KvDumps _dumps = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = DeviceKey.Parse(this.GetPrimaryKeyString());
        _device = (key.Silo == silo.Name ? devices.Find(key.Device) : null) ?? throw new InvalidOperationException(
            $"Silo {silo.Name} does not own {key}; its devices are: {string.Join(", ", devices.Devices.Select(static d => d.Key))}.");
        _dumps = new KvDumps(_device.Engine.DumpKvAsync);
        return Task.CompletedTask;
    }

    public Task<SubmissionReply> Submit(Submission submission)
    {
        try
        {
            if (devices.IsDraining)
            {
                throw new RequestRefusedException(RefusalReason.Stopping, $"{_device.Key} is draining.", TimeSpan.FromSeconds(1));
            }

            if (_device.IsOutOfService && !submission.HasBegun)
            {
                throw new RequestRefusedException(RefusalReason.Stopping, $"{_device.Key} is drained by an operator.", TimeSpan.FromSeconds(1));
            }

            if (!submission.HasBegun && _device.LacksPower())
            {
                throw new RequestRefusedException(RefusalReason.Overloaded, $"{_device.Key} is drained for want of power.", TimeSpan.FromSeconds(1));
            }

            _device.Submit(submission);
            return Task.FromResult(Reply(null));
        }
        catch (RequestRefusedException e)
        {
            return Task.FromResult(Reply(Refusal.From(e)));
        }
    }

    public Task Drain(bool drained)
    {
        _device.IsOutOfService = drained;
        return Task.CompletedTask;
    }

    public Task Cancel(long[] tickets)
    {
        _device.Cancel(tickets);
        return Task.CompletedTask;
    }

    public Task<MissingReply> FindMissing(long[] tickets) =>
        Task.FromResult(new MissingReply([.. tickets.Where(t => !_device.Has(t))], _device.Engine.State.Steps));

    public Task<KvDumpPage> DumpKv(long dump, int offset) => _dumps.Page(dump, offset);

    public Task<DeviceReport> GetState() => Task.FromResult(_device.Report());

    public Task<double> SetCap(CapCommand command) => Task.FromResult(_device.Cap is { } cap
        ? cap.Take(command.Order(_device.Key.ToString())).Watts
        : throw new InvalidOperationException($"{_device.Key} has no power cap to set."));

    private SubmissionReply Reply(Refusal? refusal) => new()
    {
        Device = _device.Key.ToString(),
        Owner = silo.SiloAddress,
        Refusal = refusal,
        ReportSequence = devices.ReportSequence,
    };
}
