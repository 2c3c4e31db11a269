using System.Diagnostics;
using System.Globalization;
using Crescent.Engine.Power;
using Crescent.Engine.Power.Nvml;

namespace Crescent.GpuCheck.Device;

/// <summary>Reads a GPU's power while something runs. It only reads.</summary>
internal sealed class PowerSampler : IDisposable
{
    private readonly NvmlLibrary _library;
    private readonly NvmlMeter _meter;
    private readonly List<double> _watts = [];
    private Thread? _thread;
    private volatile bool _sampling;
    private PowerReading _first;
    private long _start;

    private PowerSampler(NvmlLibrary library, nint device)
    {
        _library = library;
        _meter = new NvmlMeter(library, device, null);
    }

    /// <summary>The GPU at a PCI bus id; null and why where there is no NVML.</summary>
    public static PowerSampler? Open(string pciBusId, out string? why)
    {
        if (!NvmlLibrary.TryOpen(out var library, out why))
            return null;
        var status = library.DeviceByPciBusId(pciBusId, out var device);
        if (status == NvmlStatus.Success)
            return new PowerSampler(library, device);
        why = $"NVML knows no GPU at {pciBusId}: {status}";
        library.Dispose();
        return null;
    }

    /// <summary>Begins to read, each 50 ms.</summary>
    public void Begin()
    {
        _watts.Clear();
        _first = _meter.Read();
        _start = Stopwatch.GetTimestamp();
        _sampling = true;
        _thread = new Thread(Sample) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Ends reading.</summary>
    public Power End()
    {
        _sampling = false;
        _thread!.Join();
        var last = _meter.Read();
        var seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        var joules = last.Joules - _first.Joules;
        return new Power(_watts.Count == 0 ? null : _watts.Average(), _watts.Count == 0 ? null : _watts.Max(), joules, seconds);
    }

    public void Dispose() => _library.Dispose();

    private void Sample()
    {
        while (_sampling)
        {
            if (_meter.Read().Watts is { } watts)
                _watts.Add(watts);
            Thread.Sleep(50);
        }
    }

    /// <summary>What was read.</summary>
    /// <param name="MeanReading">Mean of the power readings, W.</param>
    /// <param name="Most">Greatest of them, W.</param>
    /// <param name="Joules">By the energy counter.</param>
    /// <param name="Seconds">From begin to end.</param>
    public sealed record Power(double? MeanReading, double? Most, double? Joules, double Seconds)
    {
        /// <summary>By the energy counter over the time, else the mean reading.</summary>
        public double? Watts => Joules / Seconds ?? MeanReading;

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Watts ?? double.NaN:0} W by the energy counter over {Seconds:0.0} s; readings: mean {MeanReading ?? double.NaN:0} W, most {Most ?? double.NaN:0} W");
    }
}
