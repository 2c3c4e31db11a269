using Crescent.Grains.Hosting;
using Crescent.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gpu;

/// <summary>
/// Watches the silo's devices: a sick one is closed by the deactivation of its grain and opened by the next activation, after a pause; one that is drained and
/// empty gives its memory back.
/// </summary>
internal sealed class DeviceKeeper(
    DeviceRegistry devices, IGrainFactory grains, TimeProvider time, FactoryMetrics metrics, ILogger<DeviceKeeper> logger)
    : PeriodicLoop("device keeper", Interval, time, metrics, logger)
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // By slot: what its grain was last asked for.
    private readonly Dictionary<DeviceSlot, Task> _asked = [];

    /// <summary>Opens all devices, one after the other, before the silo joins the cluster: it has no grains yet.</summary>
    public async Task OpenAll(CancellationToken cancellationToken)
    {
        foreach (var slot in devices.Slots)
        {
            await slot.Open(null).WaitAsync(cancellationToken);
        }
    }

    /// <summary>Lets the grains take the devices over.</summary>
    public async Task HandOver(CancellationToken cancellationToken)
    {
        foreach (var slot in devices.Slots)
        {
            await Grain(slot).Open().WaitAsync(cancellationToken);
        }
    }

    protected override Task Turn(CancellationToken cancellationToken)
    {
        foreach (var slot in devices.Slots)
        {
            if (_asked.GetValueOrDefault(slot) is { IsCompleted: false })
            {
                continue;
            }

            switch (slot.Look())
            {
                case DeviceDuty.Open when !devices.IsDraining:
                    _asked[slot] = Ask(slot, Grain(slot).Open());
                    break;
                case DeviceDuty.Close:
                    _asked[slot] = Ask(slot, Grain(slot).Close());
                    break;
            }
        }

        return Task.CompletedTask;
    }

    private IGpuGrain Grain(DeviceSlot slot) => grains.GetGrain<IGpuGrain>(slot.Key.ToString());

    /// <summary>What fails is told by the slot, which says when it is tried again.</summary>
    private async Task Ask(DeviceSlot slot, Task call)
    {
        try
        {
            await call;
        }
        catch (Exception e)
        {
            DeviceLog.NotDone(Logger, slot.Key, e.Message);
        }
    }
}
