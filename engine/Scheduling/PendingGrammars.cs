using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Requests whose grammar is being compiled. Each comes out once: as a sequence that may run, or as one that ends at once because its
/// grammar cannot be compiled, its deadline has passed, or nobody wants it any more. Safe for use by many threads.
/// </summary>
/// <param name="tokenizer">Of the engine's model.</param>
/// <param name="blockSize">Of the engine's device.</param>
/// <param name="grammars">Of that model.</param>
/// <param name="time">Clock of the deadlines.</param>
/// <param name="ready">Told of what comes out.</param>
internal sealed class PendingGrammars(Tokenizer tokenizer, KvBlockSize blockSize, GrammarCache grammars, TimeProvider time, Action<EngineCommand> ready)
{
    /// <summary>A timer takes no longer spans. Compiling has a limit of its own far below.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    private readonly Dictionary<long, Pending> _pending = [];
    private readonly Lock _gate = new();

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>A request with a structure comes in.</summary>
    /// <param name="request">It.</param>
    /// <param name="hashRoot">See <see cref="Sequence.HashRoot"/>.</param>
    /// <param name="submittedAt">Timestamp of the clock.</param>
    public async Task Add(InferenceRequest request, BlockHash? hashRoot, long submittedAt)
    {
        using var stop = request.Deadline is { } deadline && deadline < LongestTimer
            ? new CancellationTokenSource(deadline > TimeSpan.Zero ? deadline : TimeSpan.Zero, time)
            : new CancellationTokenSource();
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
        EngineCommand command;
        try
        {
            grammar = await grammars.UseAsync(request.Sampling.Structure!.Source, new GrammarAsker(request.Tenant, IsTaken: true), stop.Token).ConfigureAwait(false);
            command = request.ResumedTokens == 0 ? Create() : await Task.Factory.StartNew(
                Create, stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        catch (GrammarException e) when (e.IsTimeLimit)
        {
            // Whoever sent it has compiled it: it is not wrong, and another device may be less busy.
            command = Ended(pending, FinishReason.Error, $"The structure of the output was not compiled in time: {e.Message}");
        }
        catch (GrammarException e)
        {
            command = Ended(pending, FinishReason.Refused, e.Message);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            command = Ended(pending, FinishReason.Deadline, $"The deadline of {request.Deadline?.TotalSeconds:0.###} s passed while the structure of the output was compiled.");
        }
        catch (Exception e)
        {
            command = Ended(pending, FinishReason.Error, null, e);
        }

        Give(pending, command, grammar);

        // What was put out before is read again, which may take long.
        EngineCommand Create() => EngineCommand.Run(new Sequence(WithoutSource(request), tokenizer, blockSize, hashRoot, submittedAt, grammar));
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
            var all = _pending.Values.ToArray();
            _pending.Clear();
            foreach (var pending in all)
            {
                End(pending, reason, error);
            }
        }
    }

    private void End(Pending pending, FinishReason reason, string? error)
    {
        // Whoever compiles for it hears of it before anything else is done; what goes on by it here finds that it is not wanted.
        pending.Stop.Cancel();
        ready(Ended(pending, reason, error));
    }

    private void Give(Pending pending, in EngineCommand command, GrammarLease? grammar)
    {
        lock (_gate)
        {
            if (_pending.TryGetValue(pending.Request.Id, out var current) && ReferenceEquals(current, pending))
            {
                _pending.Remove(pending.Request.Id);
                ready(command);
                grammar = command.Sequence is null ? grammar : null;
            }
        }

        grammar?.Dispose();
    }

    /// <summary>The request without the text of its grammar, which has done its part and may be megabytes.</summary>
    private static InferenceRequest WithoutSource(InferenceRequest request) => request with
    {
        Sampling = request.Sampling with { Structure = request.Sampling.Structure! with { Source = GrammarSource.Of(request.Sampling.Structure.Source.Kind, "") } },
    };

    private static EngineCommand Ended(Pending pending, FinishReason reason, string? message, Exception? fault = null) =>
        EngineCommand.End(new EndedRequest(pending.Request, pending.SubmittedAt, reason, message, fault));

    private sealed record Pending(InferenceRequest Request, CancellationTokenSource Stop, long SubmittedAt);
}
