using System.Collections.Concurrent;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Grains;

/// <summary>
/// The real engine on its own thread over a device whose tokens are a hash of the sequence's history, so that every device gives the
/// same tokens for the same prompt. Its steps can be held.
/// </summary>
internal sealed class TestEngine : IInferenceEngine, IDisposable
{
    public const int Blocks = 64;
    public const int MaxContext = 512;

    private readonly InferenceEngine _engine;
    private readonly EngineDriver _driver;
    private readonly ManualResetEventSlim _gate = new(initialState: true);
    private readonly SemaphoreSlim _permits = new(0);
    private volatile bool _disposed;
    private volatile int _holdAfter = int.MaxValue;

    public TestEngine(IEngineSink sink, int blocks = Blocks, DeviceProfile? profile = null)
    {
        var device = new HistoryDevice(blocks, maxContext: MaxContext, profile: profile) { BeforeStep = _ => WaitForTurn() };
        IPowerModel power = profile is null ? new CpuPowerModel(2) : new CpuPowerModel(1, profile.IdleWatts, profile.MaxCapWatts);
        _engine = new InferenceEngine(device, new LetterTokenizer(), "test-model", sink, power);
        _driver = new EngineDriver(_engine);
    }

    /// <summary>The same over another device, whose steps are held as well.</summary>
    public TestEngine(IEngineSink sink, IDevice device, Tokenizer tokenizer)
    {
        _engine = new InferenceEngine(new HeldDevice(device, WaitForTurn), tokenizer, "test-model", sink, new CpuPowerModel(1));
        _driver = new EngineDriver(_engine);
    }

    public DeviceInfo Device => _engine.Device;

    public string Model => _engine.Model;

    public string KvType => _engine.KvType;

    public EngineState State => _engine.State;

    public EngineCounters Counters => _engine.Counters;

    public DeviceProfile Profile => _engine.Profile;

    /// <summary>Requests taken.</summary>
    public ConcurrentQueue<InferenceRequest> Submitted { get; } = new();

    /// <summary>Requests that were to be cancelled.</summary>
    public ConcurrentQueue<long> Cancelled { get; } = new();

    /// <summary>Steps begun while it was held or free.</summary>
    public int StepsBegun { get; private set; }

    /// <summary>Called before each step; what it throws fails the step.</summary>
    public Action? BeforeStep { get; set; }

    /// <summary>Called before a request is taken; what it throws refuses it.</summary>
    public Action? BeforeSubmit { get; set; }

    public void Submit(InferenceRequest request)
    {
        BeforeSubmit?.Invoke();
        _engine.Submit(request);
        Submitted.Enqueue(request);
    }

    public void Cancel(long requestId)
    {
        _engine.Cancel(requestId);
        Cancelled.Enqueue(requestId);
    }

    public Task<KvDump> DumpKvAsync(CancellationToken cancellation) => _engine.DumpKvAsync(cancellation);

    /// <summary>Stops before the next step.</summary>
    public void Hold() => _gate.Reset();

    /// <summary>Stops by itself once this many steps have begun in all.</summary>
    public void HoldAtStep(int step) => _holdAfter = step;

    /// <summary>Does a number of steps although it is held.</summary>
    public void Allow(int steps) => _permits.Release(steps);

    /// <summary>Goes on.</summary>
    public void Free()
    {
        _holdAfter = int.MaxValue;
        _gate.Set();
    }

    public void Dispose()
    {
        _disposed = true;
        Free();
        _driver.Dispose();
    }

    private void WaitForTurn()
    {
        BeforeStep?.Invoke();
        if (StepsBegun == _holdAfter)
        {
            Hold();
        }

        while (!_disposed && !_gate.IsSet && !_permits.Wait(5))
        {
        }

        StepsBegun++;
    }
}
