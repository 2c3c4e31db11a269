using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Another device with fewer blocks, which counts the tokens that it is given, and may leave drawing to the host. The other one stays its owner's.</summary>
internal sealed class CountingDevice(IDevice device, int blocks, bool samples = true) : IDevice
{
    public DeviceInfo Info { get; } = device.Info with { BlockCount = blocks };

    public IDeviceSampler? Sampler => samples ? device.Sampler : null;

    public long TokensComputed { get; private set; }

    public int LargestBatch { get; private set; }

    public StepResult End() => device.End();

    public void Begin(StepPlan plan)
    {
        TokensComputed += plan.AllTokens.Length;
        LargestBatch = Math.Max(LargestBatch, plan.Slices.Length);
        device.Begin(plan);
    }

    public void BeginCopies(ReadOnlySpan<KvCopy> copies) => device.BeginCopies(copies);

    public long CopiesDone => device.CopiesDone;

    public void WaitForCopy() => device.WaitForCopy();

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void CopyState(int from, int to) => device.CopyState(from, to);

    public void ReadBlock(int block, Span<byte> destination) => device.ReadBlock(block, destination);

    public void WriteBlock(int block, ReadOnlySpan<byte> source) => device.WriteBlock(block, source);

    public void ReadState(int state, long offset, Span<byte> destination) => device.ReadState(state, offset, destination);

    public void WriteState(int state, long offset, ReadOnlySpan<byte> source) => device.WriteState(state, offset, source);

    public void Dispose()
    {
    }
}
