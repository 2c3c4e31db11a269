using System.Diagnostics.CodeAnalysis;

namespace Crescent.Engine.Power.Nvml;

/// <summary>One GPU as the driver's management library sees it: its meter and, where the driver has one, its cap.</summary>
public sealed class NvmlGpu : IDisposable
{
    private readonly IDisposable? _library;
    private readonly NvmlPowerCap? _cap;

    private NvmlGpu(IDisposable? library, NvmlMeter meter, NvmlPowerCap? cap, string? capFault)
    {
        _library = library;
        Meter = meter;
        _cap = cap;
        CapFault = capFault;
    }

    /// <summary>What it draws.</summary>
    public IPowerMeter Meter { get; }

    /// <summary>Its power limit; null where the driver has none.</summary>
    public IPowerCap? Cap => _cap;

    /// <summary>Why there is no <see cref="Cap"/>, or why it could not be set last.</summary>
    public string? CapFault => _cap is null ? field : _cap.Fault;

    /// <summary>Opens the GPU at <paramref name="pciBusId"/> through the installed driver.</summary>
    /// <param name="pciBusId">Such as <c>0000:17:00.0</c>: indices differ between NVML and CUDA.</param>
    /// <param name="gpu">The GPU.</param>
    /// <param name="fault">Without it: why.</param>
    /// <param name="time">Dates the readings.</param>
    public static bool TryOpen(
        string pciBusId, [NotNullWhen(true)] out NvmlGpu? gpu, [NotNullWhen(false)] out string? fault, TimeProvider? time = null)
    {
        gpu = null;
        if (!NvmlLibrary.TryOpen(out var library, out fault))
        {
            return false;
        }

        if (TryOpen(library, pciBusId, out gpu, out fault, time, library))
        {
            return true;
        }

        library.Dispose();
        return false;
    }

    /// <summary>Opens the GPU at <paramref name="pciBusId"/> and owns <paramref name="owned"/>.</summary>
    internal static bool TryOpen(
        INvml nvml, string pciBusId, [NotNullWhen(true)] out NvmlGpu? gpu, [NotNullWhen(false)] out string? fault, TimeProvider? time, IDisposable? owned = null)
    {
        gpu = null;
        fault = null;
        var status = nvml.DeviceByPciBusId(pciBusId, out var device);
        if (status != NvmlStatus.Success)
        {
            fault = $"The driver knows no GPU at PCI bus id {pciBusId}: {status}.";
            return false;
        }

        var meter = new NvmlMeter(nvml, device, time);
        if (!meter.Read().IsAvailable)
        {
            fault = $"The GPU at {pciBusId} tells neither its power nor its energy.";
            return false;
        }

        _ = NvmlPowerCap.TryOpen(nvml, device, out var cap, out var capFault);
        gpu = new NvmlGpu(owned, meter, cap, capFault);
        return true;
    }

    /// <summary>Restores its power limit and ends the use of the library.</summary>
    public void Dispose()
    {
        _cap?.Dispose();
        _library?.Dispose();
    }
}
