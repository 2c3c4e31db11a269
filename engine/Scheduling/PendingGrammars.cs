using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Requests whose grammar is being compiled. Each comes out once: as a sequence that may run, or as one that ends at once because its
/// grammar cannot be compiled, its deadline has passed, or nobody wants it any more. Safe for use by many threads.
/// </summary>
/// <param name="tokenizer">Of the engine's model.</param>
/// <param name="grammars">Of that model.</param>
/// <param name="time">Clock of the deadlines.</param>
/// <param name="ready">Told of what comes out.</param>
internal sealed class PendingGrammars(Tokenizer tokenizer, GrammarCache grammars, TimeProvider time, Action<Sequence> ready)
{
    private readonly Dictionary<long, Pending> _pending = [];
    private readonly Lock _gate = new();

    /// <summary>A request with a structure comes in.</summary>
    /// <param name="request">It.</param>
    /// <param name="hashRoot">See <see cref="Sequence.HashRoot"/>.</param>
    /// <param name="submittedAt">Timestamp of the clock.</param>
    public async Task Add(InferenceRequest request, BlockHash? hashRoot, long submittedAt)
    {
        using var stop = request.Deadline is { } deadline ? new CancellationTokenSource(deadline, time) : new CancellationTokenSource();
        var pending = new Pending(request, stop, submittedAt);
        lock (_gate)
        {
            if (!_pending.TryAdd(request.Id, pending))
            {
                ready(Ended(pending, FinishReason.Error, $"A request with the id {request.Id} is running already."));
                return;
            }
        }

        GrammarLease? grammar = null;
        Sequence sequence;
        try
        {
            grammar = await grammars.UseAsync(request.Sampling.Structure!.Source, stop.Token).ConfigureAwait(false);
            sequence = request.ResumedTokens == 0 ? Create() : await Task.Factory.StartNew(
                Create, stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        catch (GrammarException e)
        {
            sequence = Ended(pending, FinishReason.Refused, e.Message);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            sequence = Ended(pending, FinishReason.Deadline, $"The deadline of {request.Deadline?.TotalSeconds:0.###} s passed while the structure of the output was compiled.");
        }
        catch (Exception e)
        {
            sequence = Ended(pending, FinishReason.Error, $"The structure of the output could not be compiled: {e.Message}");
        }

        Give(pending, sequence, grammar);

        // What was put out before is read again, which may take long.
        Sequence Create() => new(request, tokenizer, hashRoot, submittedAt, grammar);
    }

    /// <summary>Ends a request whose grammar is being compiled; false when there is none of that id.</summary>
    public bool Cancel(long requestId)
    {
        lock (_gate)
        {
            if (!_pending.Remove(requestId, out var pending))
            {
                return false;
            }

            End(pending, FinishReason.Cancelled, null);
            return true;
        }
    }

    /// <summary>Ends all of them.</summary>
    public void EndAll(FinishReason reason, string error)
    {
        lock (_gate)
        {
            foreach (var pending in _pending.Values)
            {
                End(pending, reason, error);
            }

            _pending.Clear();
        }
    }

    private void End(Pending pending, FinishReason reason, string? error)
    {
        _ = pending.Stop.CancelAsync();
        ready(Ended(pending, reason, error));
    }

    private void Give(Pending pending, Sequence sequence, GrammarLease? grammar)
    {
        lock (_gate)
        {
            if (_pending.TryGetValue(pending.Request.Id, out var current) && ReferenceEquals(current, pending))
            {
                _pending.Remove(pending.Request.Id);
                ready(sequence);
                grammar = sequence.Grammar is null ? grammar : null;
            }
        }

        grammar?.Dispose();
    }

    private Sequence Ended(Pending pending, FinishReason reason, string? message) =>
        new(pending.Request with { Sampling = pending.Request.Sampling with { Structure = null } }, tokenizer, null, pending.SubmittedAt) { Ending = (reason, message) };

    private sealed record Pending(InferenceRequest Request, CancellationTokenSource Stop, long SubmittedAt);
}
