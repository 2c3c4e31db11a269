using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;

namespace Crescent.Silo.Hosting;

/// <summary>An engine with the device and the thread that are its own; disposed as one, the thread first.</summary>
internal sealed class DeviceEngine(IDevice device, InferenceEngine engine, EngineDriver driver, IDisposable? meter = null) : IInferenceEngine, IDisposable
{
    public DeviceInfo Device => engine.Device;

    public string Model => engine.Model;

    public string KvType => engine.KvType;

    public EngineState State => engine.State;

    public IPowerMeter? PowerMeter => engine.PowerMeter;

    public IPowerCap? PowerCap => engine.PowerCap;

    public EngineCounters Counters => engine.Counters;

    public DeviceProfile Profile => engine.Profile;

    public void Submit(InferenceRequest request) => engine.Submit(request);

    public void Cancel(long requestId) => engine.Cancel(requestId);

    public Task<KvDump> DumpKvAsync(CancellationToken cancellation) => engine.DumpKvAsync(cancellation);

    public void Dispose()
    {
        driver.Dispose();
        engine.Dispose();
        device.Dispose();
        meter?.Dispose();
    }
}
