using System.Runtime.InteropServices;

namespace Crescent.Client.Load.Energy;

/// <summary>Counts the energy of this host's NVIDIA GPUs by their driver's library, where there is one.</summary>
/// <remarks>NVML API reference: nvmlDeviceGetTotalEnergyConsumption, in mJ since the driver was loaded.</remarks>
internal sealed class NvmlCounters
{
    private const string Library = "libnvidia-ml.so.1";

    private readonly List<(nint Handle, ulong First)> _gpus = [];
    private readonly EnergyOf? _energy;
    private readonly string _note;

    public NvmlCounters()
    {
        if (!NativeLibrary.TryLoad(Library, out var library))
        {
            _note = $"there is no {Library}";
            return;
        }

        if (Function<Init>(library, "nvmlInit_v2") is not { } init
            || Function<CountOf>(library, "nvmlDeviceGetCount_v2") is not { } count
            || Function<HandleOf>(library, "nvmlDeviceGetHandleByIndex_v2") is not { } handle
            || Function<EnergyOf>(library, "nvmlDeviceGetTotalEnergyConsumption") is not { } energy)
        {
            _note = $"{Library} is too old";
            return;
        }

        var gpus = 0u;
        var status = init();
        status = status == 0 ? count(out gpus) : status;
        if (status != 0)
        {
            _note = $"NVML answers {status}";
            return;
        }

        _energy = energy;
        for (uint index = 0; index < gpus; index++)
        {
            if (handle(index, out var gpu) == 0 && energy(gpu, out var first) == 0)
            {
                _gpus.Add((gpu, first));
            }
        }

        _note = $"{_gpus.Count} of {gpus} GPUs count their energy";
    }

    private delegate int Init();

    private delegate int CountOf(out uint count);

    private delegate int HandleOf(uint index, out nint gpu);

    private delegate int EnergyOf(nint gpu, out ulong millijoules);

    /// <summary>What was counted until now.</summary>
    public EnergyReading Read()
    {
        if (_gpus.Count == 0)
        {
            return new EnergyReading("nvml", null, _note);
        }

        var joules = 0.0;
        foreach (var (gpu, first) in _gpus)
        {
            if (_energy!(gpu, out var now) != 0 || now < first)
            {
                return new EnergyReading("nvml", null, "a GPU's counter could not be read any more");
            }

            joules += (now - first) / 1e3;
        }

        return new EnergyReading("nvml", joules, _note);
    }

    private static T? Function<T>(nint library, string name)
        where T : Delegate => NativeLibrary.TryGetExport(library, name, out var address) ? Marshal.GetDelegateForFunctionPointer<T>(address) : null;
}
