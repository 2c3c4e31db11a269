using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>The host tier of one device, as the settings ask for it.</summary>
/// <param name="Blocks">KV blocks it holds; 0 for none.</param>
/// <param name="Path">Its file, or null for memory.</param>
internal readonly record struct HostTier(int Blocks, string? Path)
{
    /// <summary>The tier of <paramref name="device"/> in the silo <paramref name="silo"/>.</summary>
    /// <exception cref="StartException">It is too small for a block or a state, or too large for the machine.</exception>
    public static HostTier Of(ServingOptions options, string silo, DeviceInfo device)
    {
        if (options.KvHostMib == 0)
        {
            return default;
        }

        var bytes = (long)options.KvHostMib << 20;
        var blocks = (int)Math.Min(bytes / device.BlockBytes, int.MaxValue);
        if (blocks == 0)
        {
            throw new StartException(
                $"{Settings.KvHostMib} is {options.KvHostMib}; a KV block of this model has {device.BlockBytes / 1048576.0:0.##} MiB: give more, or 0 for none.");
        }

        if (device.StateSlots > 0 && HostBlockTier.BlocksForState(device.BlockBytes, device.StateBytes) > blocks)
        {
            throw new StartException(
                $"{Settings.KvHostMib} is {options.KvHostMib}; a state of this model's layers has {device.StateBytes / 1048576.0:0.##} MiB, and without one no prompt goes on from "
                + "the host's blocks: give more, or 0 for none.");
        }

        if (options.KvHostFolder is not { } folder)
        {
            var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
            return bytes * options.DeviceNames.Count < memory
                ? new HostTier(blocks, null)
                : throw new StartException(
                    $"{Settings.KvHostMib} is {options.KvHostMib} for each of {options.DeviceNames.Count} devices; this process can have {memory >> 20} MiB in all: "
                    + $"give less, or a folder with {Settings.KvHostFolder}.");
        }

        var file = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, $"{silo}-{device.Name.Replace(':', '-')}.kv"));
        return new HostTier(blocks, file);
    }

    /// <summary>Makes the engine that holds the tier.</summary>
    /// <exception cref="StartException">Its file cannot be made.</exception>
    public T Open<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception e) when (Path is not null && e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The host tier's file {Path} cannot be made: {e.Message} Give another folder with {Settings.KvHostFolder}, or less with {Settings.KvHostMib}.", e);
        }
    }
}
