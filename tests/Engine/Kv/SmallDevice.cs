using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Kv;

/// <summary>Another device with fewer blocks.</summary>
internal sealed class SmallDevice(IDevice device, int blocks) : IDevice
{
    public DeviceInfo Info { get; } = device.Info with { BlockCount = blocks, MaxContext = Math.Min(device.Info.MaxContext, blocks * device.Info.BlockSize) };

    public void Begin(StepPlan plan) => device.Begin(plan);

    public StepResult End() => device.End();

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void BeginCopies(ReadOnlySpan<KvCopy> copies) => device.BeginCopies(copies);

    public void Dispose() => device.Dispose();
}
