using Crescent.Engine.Devices;
using Crescent.Engine.Sampling;
using Crescent.Engine.Simd;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>
/// A device that works aside: it computes nothing before the end of a step is waited for, so that whatever its engine does before was done while the step was in
/// flight. With two steps in flight it draws the tokens itself and knows those that the engine does not.
/// </summary>
internal sealed class LateDevice(IDevice device, int stepsInFlight, List<string> events) : IDevice, IDeviceSampler
{
    // Steps and copies in the order in which they came.
    private readonly Queue<object> _queue = new();
    private readonly RowSampler<Lanes128> _rows = new(device.Info.VocabularySize);
    private readonly float[] _logits = new float[device.Info.MaxLogitRows * device.Info.VocabularySize];
    private readonly int[] _drawn = new int[device.Info.MaxLogitRows];
    private Work? _newest;
    private readonly List<KvCopy> _held = [];
    private long _finishedCopies;
    private int _begun;
    private int _inFlight;

    public DeviceInfo Info { get; } = device.Info with { StepsInFlight = stepsInFlight };

    public IDeviceSampler? Sampler => stepsInFlight > 1 ? this : null;

    /// <summary>Steps that were begun with tokens that were still to be drawn.</summary>
    public int Ahead { get; private set; }

    /// <summary>Steps that were begun.</summary>
    public int Begun => _begun;

    public void Begin(StepPlan plan)
    {
        Assert.True(_inFlight++ < stepsInFlight, "more steps are begun than it takes");
        var isAhead = plan.AllTokens.ToArray().Any(static token => token < 0);
        Ahead += isAhead ? 1 : 0;
        events.Add($"begin {_begun}");
        _queue.Enqueue(_newest = new Work(_begun++, plan));
    }

    public void Begin(SamplingBatch batch)
    {
        Assert.Null(_newest!.Batch);
        events.Add($"draw {_newest.Number}");
        _newest.Batch = batch;
    }

    public StepResult End()
    {
        DoCopies();
        var work = (Work)_queue.Dequeue();
        _inFlight--;
        events.Add($"end {work.Number}");
        var plan = new StepPlan(KvBlockSize.Of(Info), groups: Info.KvGroups.Count);
        for (var s = 0; s < work.Plan.Slices.Length; s++)
        {
            var slice = work.Plan.Slices[s];
            var tokens = work.Plan.Tokens(slice).ToArray();
            plan.Add(
                Array.ConvertAll(tokens, token => token < 0 ? _drawn[StepPlan.DrawnRow(token)] : token),
                slice.StartPosition,
                work.Plan.BlockTable(slice),
                slice.Logits,
                slice.HiddenRow >= 0,
                slice.StateSlot,
                slice.RepeatedTokens,
                slice.SpareSlot);
            for (var group = 1; group < plan.Groups; group++)
            {
                plan.AddTable(work.Plan.Table(s, group).Blocks, work.Plan.Table(s, group).First);
            }
        }

        var result = device.Execute(plan);
        for (var row = 0; row < plan.LogitsRowCount; row++)
        {
            result.Logits(row).CopyTo(Logits(row));
        }

        if (work.Batch is { } batch)
        {
            Sample(batch);
        }

        return stepsInFlight > 1 ? new StepResult(_logits, Info.VocabularySize, result.Duration, Hidden(result, plan), Info.HiddenSize) : result;
    }

    public void Sample(SamplingBatch batch)
    {
        foreach (var row in batch.Rows)
        {
            _rows.Sample(Logits(row.LogitsRow), batch, row);
            _drawn[row.LogitsRow] = row.Token;
        }
    }

    public void BeginCopies(ReadOnlySpan<KvCopy> copies)
    {
        foreach (var copy in copies)
        {
            _queue.Enqueue(() =>
            {
                if (HoldsCopies && copy.Kind is KvCopyKind.FromHost or KvCopyKind.StateFromHost)
                {
                    _held.Add(copy);
                }
                else
                {
                    device.BeginCopies([copy]);
                }

                _finishedCopies++;
                CopiesDone = _held.Count == 0 ? _finishedCopies : CopiesDone;
            });
        }
    }

    public long CopiesDone { get; private set; }

    /// <summary>Whether blocks come from the host only when they are let go, whatever steps end before.</summary>
    public bool HoldsCopies { get; init; }

    /// <summary>Lets the copies that are held come.</summary>
    public void LetCopiesGo()
    {
        device.BeginCopies([.. _held]);
        _held.Clear();
        CopiesDone = _finishedCopies;
    }

    public void WaitForCopy()
    {
        Assert.Equal(0, _inFlight);
        DoCopies();
        LetCopiesGo();
    }

    public void Dispose() => device.Dispose();

    private void DoCopies()
    {
        while (_queue.TryPeek(out var next) && next is Action copy)
        {
            _queue.Dequeue();
            copy();
        }
    }

    private Span<float> Logits(int row) => _logits.AsSpan(row * Info.VocabularySize, Info.VocabularySize);

    private static float[] Hidden(in StepResult result, StepPlan plan)
    {
        var states = new List<float>();
        for (var row = 0; row < plan.HiddenRowCount; row++)
        {
            states.AddRange(result.HiddenState(row));
        }

        return [.. states];
    }

    private sealed class Work(int number, StepPlan plan)
    {
        public int Number => number;

        public StepPlan Plan => plan;

        public SamplingBatch? Batch { get; set; }
    }
}
