using Crescent.Grains.Configuration;
using Crescent.Grains.Models;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gpu;

/// <summary>
/// Opens one device, within a time. An opening that has not come back by then goes on, since nothing can end it; what it gives is closed, and until then no
/// other is begun. Called for one opening after the other.
/// </summary>
internal sealed class DeviceLoading(DeviceKey key, DevicePlan plan, DeviceOpener opener, TimeSpan patience, TimeProvider time, ILogger logger)
{
    private Task _last = Task.CompletedTask;

    /// <summary>Whether every opening has come back.</summary>
    public bool HasEnded => Volatile.Read(ref _last).IsCompleted;

    /// <summary>Opens it with <paramref name="model"/>, on a thread of its own.</summary>
    /// <exception cref="DeviceSickException">It is not open in time.</exception>
    public async Task<HostedDevice> Open(ServedModel? model)
    {
        var loading = Task.Factory.StartNew(
            () => opener.Open(plan, model), CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        Volatile.Write(ref _last, loading);
        try
        {
            return await loading.WaitAsync(patience, time);
        }
        catch (TimeoutException) when (!loading.IsFaulted)
        {
            Volatile.Write(ref _last, CloseLate(loading));
            throw new DeviceSickException($"it was not open within {patience.TotalSeconds:0.#} s");
        }
    }

    private async Task CloseLate(Task<HostedDevice> loading)
    {
        try
        {
            var late = await loading;
            await Task.Factory.StartNew(late.Close, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        }
        catch (Exception e)
        {
            // That it did not open in time was told.
            DeviceLog.NotClosed(logger, key, e.Message);
        }
    }
}
