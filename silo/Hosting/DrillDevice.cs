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
internal sealed class DrillDevice(IDevice device, string key, string file, TimeProvider time) : IDevice
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private long _readAt;
    private int _failEvery;
    private bool _hangs;
    private long _steps;
    private volatile bool _disposed;

    public DeviceInfo Info => device.Info;

    public IDeviceSampler? Sampler => device.Sampler;

    public long CopiesDone => device.CopiesDone;

    public void Begin(StepPlan plan)
    {
        Read();
        while (_hangs && !_disposed)
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

    public void ReadBlock(int block, Span<byte> destination) => device.ReadBlock(block, destination);

    public void WriteBlock(int block, ReadOnlySpan<byte> source) => device.WriteBlock(block, source);

    public void Dispose()
    {
        _disposed = true;
        device.Dispose();
    }

    private void Read()
    {
        if (_readAt != 0 && time.GetElapsedTime(_readAt) < Interval)
        {
            return;
        }

        _readAt = time.GetTimestamp();
        var (failEvery, hangs) = (0, false);
        try
        {
            foreach (var line in File.Exists(file) ? File.ReadAllLines(file) : [])
            {
                var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                if (words.Length > 1 && words[0] == key)
                {
                    hangs = words[1] == "hang";
                    failEvery = words is [_, "fail", var every] && int.TryParse(every, CultureInfo.InvariantCulture, out var n) ? n : 0;
                }
            }

            (_failEvery, _hangs) = (failEvery, hangs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is being written; the next look reads it.
        }
    }
}
