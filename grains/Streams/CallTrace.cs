using System.Diagnostics;
using System.Text;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Tracing;

namespace Crescent.Grains.Streams;

/// <summary>
/// The spans of one call at its front end: the call, in it its attempts with their placements, and between them what it took to go on elsewhere. A device's silo puts its own under the attempt.
/// </summary>
internal sealed class CallTrace
{
    /// <summary>Devices of a decision that are told of, the best ones.</summary>
    public const int MaxCandidates = 8;

    private readonly Activity _call;
    private Activity? _attempt;
    private Activity? _move;
    private bool _hasToken;
    private bool _hasEnd;

    private CallTrace(Activity call)
    {
        _call = call;
    }

    /// <summary>What a device's spans of the attempt are parts of.</summary>
    public string Parent => TraceParent.Of(_attempt ?? _call);

    /// <summary>Begins that of a call.</summary>
    /// <returns>Null where it is not traced.</returns>
    public static CallTrace? Begin(InferenceRequest call)
    {
        var parent = default(ActivityContext);
        if (!Spans.IsListened || (call.TraceParent is not null && !TraceParent.IsTraced(call.TraceParent, out parent)))
        {
            return null;
        }

        var operation = Operation(call);
        if (Spans.Begin($"{operation} {call.Model}", ActivityKind.Internal, parent) is not { } span)
        {
            return null;
        }

        span.SetTag(SemanticNames.OperationName, operation)
            .SetTag(SemanticNames.ProviderName, SpanNames.Provider)
            .SetTag(SemanticNames.RequestModel, call.Model)
            .SetTag(SemanticNames.RequestMaxTokens, call.MaxTokens)
            .SetTag(SemanticNames.RequestTemperature, (double)call.Sampling.Temperature)
            .SetTag(SemanticNames.ConversationId, call.Program)
            .SetTag(SemanticNames.ResponseId, call.RequestId)
            .SetTag(SemanticNames.InputTokens, call.Prompt.Length);
        return new CallTrace(span);
    }

    /// <summary>An attempt begins.</summary>
    public void Attempt(int number, string? cause)
    {
        EndAttempt();
        _attempt = Spans.Begin(SpanNames.Attempt, ActivityKind.Client, _call.Context)?
            .SetTag(SpanNames.AttemptNumber, number)
            .SetTag(SpanNames.Cause, cause);
    }

    /// <summary>It was decided where the attempt goes.</summary>
    public void Placed(PlacementDecisionReport decision, TimeSpan took)
    {
        if (_attempt is null || Spans.Begin(SpanNames.Place, ActivityKind.Internal, _attempt.Context, decision.At) is not { } span)
        {
            return;
        }

        span.SetTag(SpanNames.Policy, decision.Policy).SetTag(SpanNames.Candidates, decision.Candidates.Count + decision.Omitted).SetTag(SpanNames.Device, decision.Chosen);
        foreach (var candidate in decision.Candidates)
        {
            var tags = Tags(candidate, decision.Terms);
            if (candidate.Device == decision.Chosen)
            {
                foreach (var (key, value) in tags)
                {
                    span.SetTag(key, value);
                }
            }

            span.AddEvent(new ActivityEvent(SpanNames.Candidate, decision.At, tags));
        }

        if (decision.Chosen is null)
        {
            span.SetStatus(ActivityStatusCode.Error, "No device may take it.");
        }

        Spans.End(span, decision.At + took);
    }

    /// <summary>A device has taken the attempt.</summary>
    public void Taken(string device) => _attempt?.SetTag(SpanNames.Device, device);

    /// <summary>No device has taken it.</summary>
    public void Refused(string? device, string? reason)
    {
        _attempt?.SetTag(SpanNames.Device, device).SetStatus(ActivityStatusCode.Error, reason);
        EndAttempt();
    }

    /// <summary>The attempt is given up, and the call is to go on elsewhere.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="moved">Whether on purpose.</param>
    /// <param name="device">The device that had it.</param>
    /// <param name="tokens">Tokens that there are.</param>
    public void Left(string reason, bool moved, string? device, int tokens)
    {
        if (_attempt is { } attempt && !moved)
        {
            attempt.SetStatus(ActivityStatusCode.Error, reason);
        }

        EndAttempt();
        _move = Spans.Begin(moved ? SpanNames.Move : SpanNames.Resume, ActivityKind.Internal, _call.Context)?
            .SetTag(SpanNames.Cause, reason)
            .SetTag(SpanNames.FromDevice, device)
            .SetTag(SpanNames.TokensBefore, tokens);
    }

    /// <summary>It goes on; or, without a device, it does not.</summary>
    public void GoesOn(string? device)
    {
        if (_move is { } move)
        {
            move.SetTag(SpanNames.Device, device).SetStatus(device is null ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
            Spans.End(move);
            _move = null;
        }
    }

    /// <summary>Something of the answer goes to the reader.</summary>
    public void Saw(in GenerationChunk chunk)
    {
        if (!_hasToken && chunk.Tokens.Count > 0)
        {
            _hasToken = true;
            _call.SetTag(SemanticNames.TimeToFirstChunk, (DateTime.UtcNow - _call.StartTimeUtc).TotalSeconds);
        }

        if (chunk.FinishReason is { } reason)
        {
            _hasEnd = true;
            _call.SetTag(SemanticNames.FinishReasons, new[] { reason });
            if (chunk.Cut is not null)
            {
                _call.SetTag(SpanNames.Cause, "deadline");
            }
        }

        if (chunk.Usage is { } usage)
        {
            Take(usage);
        }
    }

    /// <summary>The call fails.</summary>
    public void Fail(Exception fault)
    {
        var reason = fault is OperationCanceledException ? "The reader left." : fault.Message;
        _call.SetTag(SemanticNames.ErrorType, fault.GetType().Name).SetStatus(ActivityStatusCode.Error, reason);
        _attempt?.SetStatus(ActivityStatusCode.Error, reason);
    }

    /// <summary>The call has ended.</summary>
    public void End()
    {
        EndAttempt();
        GoesOn(null);
        if (!_hasEnd && _call.Status == ActivityStatusCode.Unset)
        {
            _call.SetTag(SpanNames.Outcome, "left");
        }

        Spans.End(_call);
    }

    private void Take(ChatUsage usage) => _call
        .SetTag(SemanticNames.InputTokens, usage.PromptTokens)
        .SetTag(SemanticNames.CachedTokens, usage.CachedTokens)
        .SetTag(SemanticNames.OutputTokens, usage.CompletionTokens)
        .SetTag(SpanNames.QueueSeconds, usage.QueueSeconds)
        .SetTag(SpanNames.PrefillSeconds, usage.PrefillSeconds)
        .SetTag(SpanNames.DecodeSeconds, usage.DecodeSeconds)
        .SetTag(SemanticNames.HardwareEnergy, usage.Joules)
        .SetTag(SpanNames.EnergySource, usage.EnergySource)
        .SetTag(SpanNames.Simulated, usage.Simulated)
        .SetTag(SpanNames.Attempts, usage.Attempts)
        .SetTag(SpanNames.Device, usage.Device);

    private void EndAttempt()
    {
        if (_attempt is { } attempt)
        {
            Spans.End(attempt);
            _attempt = null;
        }
    }

    // A call does not know by which door it came; its id does.
    private static string Operation(InferenceRequest call) => call.WantsEmbedding ? SemanticNames.Embeddings
        : call.RequestId.StartsWith("cmpl-", StringComparison.Ordinal) ? SemanticNames.TextCompletion
        : SemanticNames.Chat;

    private static ActivityTagsCollection Tags(DecisionCandidate candidate, IReadOnlyList<string> terms)
    {
        var tags = new ActivityTagsCollection
        {
            [SpanNames.Device] = candidate.Device,
            [SpanNames.Gate] = candidate.Gate,
            [SpanNames.Score] = candidate.Score,
            [SpanNames.PrefixTokens] = candidate.CachedTokens,
        };
        for (var i = 0; i < Math.Min(terms.Count, candidate.Terms.Count); i++)
        {
            tags[SpanNames.Term + Key(terms[i])] = candidate.Terms[i];
        }

        foreach (var (key, value) in new[]
        {
            (SpanNames.ForeseenTtft, candidate.TtftSeconds), (SpanNames.ForeseenItl, candidate.ItlSeconds), (SemanticNames.HardwareEnergy, candidate.Joules), (SemanticNames.HardwarePower, candidate.Watts),
        })
        {
            if (value is { } foreseen)
            {
                tags[key] = foreseen;
            }
        }

        return tags;
    }

    // Terms have names for people.
    private static string Key(string term)
    {
        var key = new StringBuilder(term.Length);
        foreach (var letter in term)
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                key.Append(char.ToLowerInvariant(letter));
            }
            else if (key.Length > 0 && key[^1] != '_')
            {
                key.Append('_');
            }
        }

        return key.ToString().TrimEnd('_');
    }
}
