using System.Diagnostics.CodeAnalysis;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// The sequences of an engine from the moment when it takes them in to their end. Each ends once, whatever happens meanwhile: it leaves the scheduler,
/// gives its blocks back, and its request is told. For the engine's thread.
/// </summary>
/// <param name="scheduler">Where they wait and run.</param>
/// <param name="outputs">What is put out.</param>
/// <param name="statistics">Says where joules come from.</param>
/// <param name="faults">Takes note of exceptions.</param>
/// <param name="device">Computes them.</param>
/// <param name="time">Clock of the deadlines.</param>
/// <param name="ended">Told of each request that ends: its place is free.</param>
internal sealed class LivingSequences(
    Scheduler scheduler, StepOutputs outputs, EngineStatistics statistics, EngineFaults faults, DeviceInfo device, TimeProvider time, Action<InferenceRequest> ended)
{
    private readonly Dictionary<long, Sequence> _byId = [];
    private readonly Deadlines _deadlines = new();
    private long _order;

    /// <summary>How many there are.</summary>
    public int Count => _byId.Count;

    /// <summary>Of those, how many have a deadline that is watched.</summary>
    public int DeadlineCount => _deadlines.Count;

    /// <summary>All of them.</summary>
    public IEnumerable<Sequence> All => _byId.Values;

    /// <summary>Their block tables.</summary>
    public IEnumerable<BlockTable> Tables => _byId.Values.Select(static sequence => sequence.Table);

    /// <summary>The living sequence of a request.</summary>
    public bool TryFind(long id, [MaybeNullWhen(false)] out Sequence sequence) => _byId.TryGetValue(id, out sequence);

    /// <summary>Takes a sequence in and puts it in the queue.</summary>
    /// <returns>False when its id is taken: its request has been told so.</returns>
    public bool Add(Sequence sequence)
    {
        if (!_byId.TryAdd(sequence.Request.Id, sequence))
        {
            sequence.Grammar?.Dispose();
            Tell(sequence.Request, sequence.SubmittedAt, FinishReason.Error, $"A request with the id {sequence.Request.Id} is running already.");
            return false;
        }

        sequence.Order = ++_order;
        _deadlines.Add(sequence, time.TimestampFrequency);
        scheduler.Add(sequence);
        return true;
    }

    /// <summary>Tells a request that has not become a sequence how it ends.</summary>
    public void Tell(EndedRequest request) => Tell(
        request.Request,
        request.SubmittedAt,
        request.Reason,
        request.Fault is { } fault ? faults.Report(request.Request.Id, "it was prepared", fault) : request.Message);

    /// <summary>Ends what is past its deadline.</summary>
    public void CutLate()
    {
        var now = time.GetTimestamp();
        while (_deadlines.Passed(now) is { } sequence)
        {
            var moment = sequence.Starts == 0 ? "while the request was waiting" : $"after {sequence.OutputCount} output tokens";
            End(sequence, FinishReason.Deadline, $"The deadline of {sequence.Request.Deadline!.Value.TotalSeconds:0.###} s passed {moment}.");
        }
    }

    /// <summary>Ends all of them with an error.</summary>
    public void EndAll(string error)
    {
        foreach (var sequence in _byId.Values.ToArray())
        {
            End(sequence, -1, FinishReason.Error, error);
        }
    }

    /// <summary>Ends one by an exception of its own.</summary>
    public void Fail(Sequence sequence, string doing, Exception fault, int token = -1) =>
        End(sequence, token, FinishReason.Error, faults.Report(sequence.Request.Id, doing, fault));

    /// <summary>Ends one without a further token: its text is put out to the end.</summary>
    public void End(Sequence sequence, FinishReason reason, string? error) => End(sequence, -1, reason, error, part: TextPart.Rest);

    /// <summary>Ends one.</summary>
    /// <param name="sequence">It.</param>
    /// <param name="token">Its last token, or -1.</param>
    /// <param name="reason">Why it ends.</param>
    /// <param name="error">What there is to say about it.</param>
    /// <param name="logprobs">Of the token.</param>
    /// <param name="embedding">Of a request that wants it.</param>
    /// <param name="text">Its last text, as far as it is known.</param>
    /// <param name="part">What there is to be added to it.</param>
    public void End(
        Sequence sequence,
        int token,
        FinishReason reason,
        string? error = null,
        TokenLogprobs? logprobs = null,
        float[]? embedding = null,
        string text = "",
        TextPart part = TextPart.None)
    {
        Remove(sequence);
        var offset = token < 0 ? sequence.OutputCount : sequence.OutputCount - 1;
        var usage = sequence.Usage(time, statistics.EnergySource, device.Simulated);
        outputs.Add(new SequenceOutput(sequence.Request, offset, token, text, reason, usage, error, logprobs, embedding), sequence, part);
    }

    /// <summary>An output does not go out: ends its request, if it has not ended with it.</summary>
    /// <returns>What the request is told instead.</returns>
    public SequenceOutput Lose(SequenceOutput output, string doing, Exception fault)
    {
        var error = faults.Report(output.Request.Id, doing, fault);
        var usage = output.Usage;
        if (_byId.TryGetValue(output.Request.Id, out var sequence) && ReferenceEquals(sequence.Request, output.Request))
        {
            Remove(sequence);
            usage = sequence.Usage(time, statistics.EnergySource, device.Simulated);
        }

        return new SequenceOutput(output.Request, output.Offset, -1, "", FinishReason.Error, usage, error);
    }

    private void Remove(Sequence sequence)
    {
        sequence.HasEnded = true;
        sequence.Sampling.Constraint?.IsAbandoned = true;
        sequence.Grammar?.Dispose();
        _deadlines.Remove(sequence);
        scheduler.Remove(sequence);
        _byId.Remove(sequence.Request.Id);
        ended(sequence.Request);
    }

    private void Tell(InferenceRequest request, long submittedAt, FinishReason reason, string? message)
    {
        ended(request);
        var usage = new SequenceUsage(request.Prompt.Length, 0, 0, time.GetElapsedTime(submittedAt), TimeSpan.Zero, TimeSpan.Zero, 0)
        {
            EnergySource = statistics.EnergySource,
            Simulated = device.Simulated,
        };
        outputs.Add(new SequenceOutput(request, 0, -1, "", reason, usage, message));
    }
}
