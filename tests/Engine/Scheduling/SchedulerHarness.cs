using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>The scheduler alone, over blocks that hold nothing: what it plans counts as computed, and every output token is 1.</summary>
internal sealed class SchedulerHarness
{
    /// <summary>Blocks that can be checked after every step.</summary>
    private const int Few = 1024;

    private static readonly KvBlockSize BlockSize = new(HistoryDevice.DefaultBlockSize);
    private static readonly LetterTokenizer Tokenizer = new();
    private readonly Dictionary<long, (Sequence Sequence, int Output)> _live = [];
    private readonly ManualTime _time;
    private readonly StepInFlight _plan;
    private readonly KvCache _kv;
    private readonly Speculation _speculation;
    private readonly TimeSpan _step;
    private long _order;

    public SchedulerHarness(EngineOptions options, int blocks = 1 << 16, ManualTime? time = null, StepCosts costs = default, double stepSeconds = 0.001)
    {
        options.Validate();
        _time = time ?? new ManualTime();
        _step = TimeSpan.FromSeconds(stepSeconds);
        var device = new HistoryDevice(blocks, maxLogitRows: 256);
        _kv = new KvCache(blocks, BlockSize);
        _plan = new StepInFlight(BlockSize, withTables: false);
        var copies = new KvCopies();
        _speculation = new Speculation(device.Info, options.MaxStepTokens, new NGramDrafter());
        Scheduler = new Scheduler(
            _kv, copies, new KvTransfers(device, _kv, copies, static _ => { }), device, options, new StepBudget(options.MaxStepTokens, options, costs, null), _time, _speculation, id => _live.TryGetValue(id, out var live) ? live.Sequence : null);
    }

    public Scheduler Scheduler { get; }

    public ManualTime Time => _time;

    /// <summary>Living sequences by id.</summary>
    public IEnumerable<Sequence> Live => _live.Values.Select(static live => live.Sequence);

    /// <summary>Sequences that have ended with all of their tokens, in that order.</summary>
    public List<Sequence> Ended { get; } = [];

    /// <summary>Tokens of the last step.</summary>
    public int Tokens => _plan.Plan.AllTokens.Length;

    public int FreeBlocks => _kv.FreeBlocks;

    /// <summary>Submits a request that ends after <paramref name="output"/> tokens, whatever its limit is.</summary>
    public Sequence Submit(InferenceRequest request, int output)
    {
        var sequence = new Sequence(request, Tokenizer, BlockSize, BlockHash.Root("test", "f16", request.CacheSalt), _time.GetTimestamp()) { Order = ++_order };
        _live.Add(request.Id, (sequence, output));
        Scheduler.Add(sequence);
        return sequence;
    }

    public void Cancel(long id)
    {
        if (_live.TryGetValue(id, out var live))
        {
            End(live.Sequence);
        }
    }

    /// <summary>Plans and computes a step.</summary>
    /// <returns>False when there was nothing to do.</returns>
    public bool Step()
    {
        _speculation.Propose(Scheduler);
        Scheduler.Plan(_plan);
        foreach (var scheduled in _plan.Scheduled)
        {
            var sequence = scheduled.Sequence;
            Scheduler.Computed(sequence, scheduled.Tokens);
            if (scheduled.LogitsRow >= 0)
            {
                sequence.Append(1);
                sequence.EndGuess(0, 0);
                if (sequence.OutputCount == _live[sequence.Request.Id].Output)
                {
                    End(sequence);
                    Ended.Add(sequence);
                }
            }
        }

        if (_plan.Plan.Slices.Length > 0)
        {
            Scheduler.Took(_plan, _step);
        }

        if (_kv.TotalBlocks < Few)
        {
            _kv.CheckIntegrity(Live.Select(static sequence => sequence.Table));
        }

        return _plan.Plan.Slices.Length > 0;
    }

    /// <summary>Steps until <paramref name="done"/>.</summary>
    /// <returns>How many steps that took.</returns>
    public int StepUntil(Func<bool> done, int most = 10_000)
    {
        var steps = 0;
        for (; !done(); steps++)
        {
            Assert.True(steps < most, $"not done after {most} steps");
            Step();
        }

        return steps;
    }

    private void End(Sequence sequence)
    {
        sequence.HasEnded = true;
        _live.Remove(sequence.Request.Id);
        Scheduler.Remove(sequence);
    }
}
