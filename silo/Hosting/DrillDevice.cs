using System.Globalization;
using Crescent.Engine.Devices;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>
/// A device that practises faults on command, to see what a cluster makes of them (<see cref="Settings.Drill"/>). Its file has a line for each device that is
/// to be sick, <c>SILO/DEVICE fail N</c> (each N-th step fails) or <c>SILO/DEVICE hang</c> (no step ends), and is read anew while it runs; a device that no line
/// names is well.
/// </summary>
/// <param name="device">The device itself.</param>
/// <param name="key"><c>silo/device</c>.</param>
/// <param name="file">The file; well while there is none.</param>
/// <param name="time">The clock.</param>
/// <param name="misread">Told of a line for the device that is none of these.</param>
internal sealed class DrillDevice(IDevice device, string key, string file, TimeProvider time, Action<string> misread) : IDevice
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private long _readAt;
    private string? _said;
    private int _failEvery;
    private bool _hangs;
    private long _steps;

    public DeviceInfo Info => device.Info;

    public IDeviceSampler? Sampler => device.Sampler;

    public long CopiesDone => device.CopiesDone;

    public void Begin(StepPlan plan)
    {
        Read();
        while (_hangs)
        {
            Thread.Sleep(Interval);
            Read();
        }

        if (_failEvery > 0 && ++_steps % _failEvery == 0)
        {
            throw new InvalidOperationException($"{file} says that this step fails");
        }

        device.Begin(plan);
    }

    public StepResult End() => device.End();

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void BeginCopies(ReadOnlySpan<KvCopy> copies) => device.BeginCopies(copies);

    public void WaitForCopy() => device.WaitForCopy();

    public IDisposable? PinHost(nint address, long bytes) => device.PinHost(address, bytes);

    public void ReadBlock(int block, Span<byte> destination) => device.ReadBlock(block, destination);

    public void WriteBlock(int block, ReadOnlySpan<byte> source) => device.WriteBlock(block, source);

    public void Dispose() => device.Dispose();

    private void Read()
    {
        if (_readAt != 0 && time.GetElapsedTime(_readAt) < Interval)
        {
            return;
        }

        _readAt = time.GetTimestamp();
        try
        {
            var said = File.Exists(file) ? File.ReadAllLines(file).LastOrDefault(line => line.StartsWith(key + ' ', StringComparison.Ordinal)) : null;
            if (said != _said)
            {
                _said = said;
                (_failEvery, _hangs) = Parse(said);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is being written; the next look reads it.
        }
    }

    private (int FailEvery, bool Hangs) Parse(string? line)
    {
        switch (line?.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            case null:
                return (0, false);
            case [_, "hang"]:
                return (0, true);
            case [_, "fail", var every] when int.TryParse(every, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0:
                return (n, false);
            default:
                misread($"{file} says '{line}'; a line is '{key} hang', or '{key} fail N' with N of 1 and up. The device is well.");
                return (0, false);
        }
    }
}
