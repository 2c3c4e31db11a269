using System.Diagnostics.CodeAnalysis;

namespace Crescent.Engine.Power.Nvml;

/// <summary>
/// A GPU's power limit. Only root may set it; for others the limit stays what it is, and <see cref="Fault"/> says so. What was in force is
/// restored when it is disposed of.
/// </summary>
internal sealed class NvmlPowerCap : IPowerCap, IDisposable
{
    private readonly INvml _nvml;
    private readonly nint _device;
    private readonly uint _least;
    private readonly uint _most;
    private readonly uint _before;
    private readonly Lock _lock = new();
    private bool _changed;
    private bool _disposed;

    private NvmlPowerCap(INvml nvml, nint device, uint least, uint most, uint before)
    {
        _nvml = nvml;
        _device = device;
        _least = least;
        _most = most;
        _before = before;
    }

    /// <inheritdoc/>
    public double MinCapWatts => _least / 1e3;

    /// <inheritdoc/>
    public double MaxCapWatts => _most / 1e3;

    /// <inheritdoc/>
    /// <remarks>Read from the device: another program may have set it.</remarks>
    public double CapWatts => (_nvml.PowerLimit(_device, out var limit) == NvmlStatus.Success ? limit : _before) / 1e3;

    /// <summary>Why the last setting failed and what to do; null when it did not.</summary>
    public string? Fault { get; private set; }

    /// <summary>Reads the device's constraints and the limit in force.</summary>
    /// <param name="nvml">The library.</param>
    /// <param name="device">The device's handle.</param>
    /// <param name="cap">The cap.</param>
    /// <param name="fault">Without it: why.</param>
    public static bool TryOpen(INvml nvml, nint device, [NotNullWhen(true)] out NvmlPowerCap? cap, [NotNullWhen(false)] out string? fault)
    {
        cap = null;
        var status = nvml.PowerLimitConstraints(device, out var least, out var most);
        if (status != NvmlStatus.Success)
        {
            fault = $"The GPU does not tell which power limits it takes: {status}.";
            return false;
        }

        status = nvml.PowerLimit(device, out var before);
        if (status != NvmlStatus.Success)
        {
            fault = $"The GPU does not tell its power limit: {status}.";
            return false;
        }

        fault = null;
        cap = new NvmlPowerCap(nvml, device, least, most, before);
        return true;
    }

    /// <inheritdoc/>
    public double SetCap(double watts)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var status = _nvml.SetPowerLimit(_device, (uint)Math.Clamp(watts * 1e3, _least, _most));
            _changed |= status == NvmlStatus.Success;
            Fault = status switch
            {
                NvmlStatus.Success => null,
                NvmlStatus.NoPermission => "Only root may set a GPU's power limit; run as root, or give the container CAP_SYS_ADMIN.",
                _ => $"The GPU did not take a power limit of {watts:0} W: {status}.",
            };
            return CapWatts;
        }
    }

    /// <summary>Restores the limit that was in force.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (!_disposed && _changed)
            {
                _ = _nvml.SetPowerLimit(_device, _before);
            }

            _disposed = true;
        }
    }
}
