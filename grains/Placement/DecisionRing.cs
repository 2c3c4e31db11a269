using Crescent.Control.Placement;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Grains.Placement;

/// <summary>
/// The newest decisions of this silo with all their candidates. Once its slots are in use, recording allocates nothing. Not safe for use
/// by several threads.
/// </summary>
internal sealed class DecisionRing(IPlacementPolicy policy, string silo, TimeProvider time, int capacity = DecisionRing.DefaultCapacity)
{
    public const int DefaultCapacity = DecisionAnswer.Kept;

    /// <summary>Candidates that are kept of a decision.</summary>
    public const int MaxCandidates = 128;

    private readonly RecordedDecision?[] _slots = new RecordedDecision?[capacity];
    private readonly PowerAwarePolicy? _foreseeing = policy as PowerAwarePolicy;
    private int _newest = -1;
    private long _begun;

    /// <summary>Keeps the devices as they are before the decision about a call.</summary>
    public void Begin(PlacementNeeds needs, in PlacementCall call, FactoryView view)
    {
        _newest = (_newest + 1) % capacity;
        var slot = _slots[_newest] ??= new RecordedDecision();
        slot.Needs = needs;
        slot.At = time.GetUtcNow();
        _begun = time.GetTimestamp();
        slot.Chosen = slot.Taken = null;
        slot.Devices = view.Devices.Length;
        var kept = Math.Min(slot.Devices, MaxCandidates);
        if (slot.Candidates.Length < kept)
        {
            slot.Candidates = new RecordedCandidate[kept];
        }

        for (var i = 0; i < kept; i++)
        {
            Keep(ref slot.Candidates[i], call, view, i);
        }
    }

    /// <summary>The decision just begun: a device of the view, which has not changed but for this call's charge.</summary>
    public void Decided(in PlacementCall call, FactoryView view, in PlacementDecision decision)
    {
        var slot = _slots[_newest]!;
        slot.Took = time.GetElapsedTime(_begun);
        if (!decision.IsPlaced)
        {
            return;
        }

        slot.Chosen = view.Devices[decision.Device].Key;
        if (decision.Device >= MaxCandidates)
        {
            // The one that matters takes the place of the last; its terms are those of the decision, its load has the call's charge by now.
            ref var last = ref slot.Candidates[MaxCandidates - 1];
            Keep(ref last, call, view, decision.Device);
            Keep(ref last, decision.Terms);
        }
    }

    /// <summary>A device has taken the newest attempt of a stream.</summary>
    public void Took(long stream, string device)
    {
        for (var i = 0; i < capacity && _slots[Index(i)] is { } slot; i++)
        {
            if (slot.Needs!.Stream == stream)
            {
                slot.Taken = device;
                return;
            }
        }
    }

    /// <summary>The decisions about a request, or about one of its choices, oldest first.</summary>
    public List<PlacementDecisionReport> Find(string requestId)
    {
        var found = new List<PlacementDecisionReport>();
        for (var i = 0; i < capacity && _slots[Index(i)] is { } slot; i++)
        {
            if (IsOf(slot.Needs!.RequestId!, requestId))
            {
                found.Add(Report(slot, [.. slot.Candidates.Take(Math.Min(slot.Devices, MaxCandidates))]));
            }
        }

        found.Reverse();
        return found;
    }

    /// <summary>The decision about an attempt at a stream with its best candidates, those that could take it first, and how long it took; null where it is not kept.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="most">Candidates at the most.</param>
    public (PlacementDecisionReport Decision, TimeSpan Took)? Find(long stream, int attempt, int most)
    {
        for (var i = 0; i < capacity && _slots[Index(i)] is { } slot; i++)
        {
            if (slot.Needs!.Stream == stream)
            {
                return slot.Needs.Attempt == attempt ? (Report(slot, Best(slot, most)), slot.Took) : null;
            }
        }

        return null;
    }

    private static RecordedCandidate[] Best(RecordedDecision slot, int most) =>
    [
        .. slot.Candidates.Take(Math.Min(slot.Devices, MaxCandidates))
            .OrderBy(candidate => candidate.Device != slot.Chosen)
            .ThenBy(static candidate => candidate.Gate)
            .ThenBy(static candidate => candidate.Score)
            .Take(most),
    ];

    /// <summary>The index of the <paramref name="age"/>-th newest slot.</summary>
    private int Index(int age) => _newest < 0 ? 0 : (_newest - age + capacity) % capacity;

    /// <summary>Choices and inputs of a request have its id and a number.</summary>
    private static bool IsOf(string recorded, string asked) => recorded.StartsWith(asked, StringComparison.Ordinal)
        && (recorded.Length == asked.Length
            || (recorded[asked.Length] == '-' && recorded.Length > asked.Length + 1 && !recorded.AsSpan(asked.Length + 1).ContainsAnyExceptInRange('0', '9')));

    private void Keep(ref RecordedCandidate candidate, in PlacementCall call, FactoryView view, int device)
    {
        candidate.Device = view.Devices[device].Key;
        candidate.Gate = view.Gate(call, device);
        candidate.CachedTokens = Math.Min(call.PromptTokens, view.CachedBlocks(device) * view.Devices[device].Load.BlockSize);
        candidate.IsForeseen = _foreseeing is not null;
        if (_foreseeing is null)
        {
            Keep(ref candidate, policy.Score(call, view, device));
        }
        else
        {
            Keep(ref candidate, _foreseeing.Score(call, view, device, out var forecast));
            candidate.TtftSeconds = (float)forecast.TtftSeconds;
            candidate.ItlSeconds = (float)forecast.ItlSeconds;
            candidate.Joules = (float)forecast.Joules;
            candidate.Watts = (float)forecast.Watts;
        }
    }

    private static void Keep(ref RecordedCandidate candidate, in PlacementTerms terms)
    {
        candidate.Wait = (float)terms.Wait;
        candidate.Pace = (float)terms.Pace;
        candidate.Energy = (float)terms.Energy;
        candidate.Power = (float)terms.Power;
        candidate.Memory = (float)terms.Memory;
        candidate.Harm = (float)terms.Harm;
    }

    private PlacementDecisionReport Report(RecordedDecision slot, RecordedCandidate[] candidates)
    {
        var needs = slot.Needs!;
        return new PlacementDecisionReport
        {
            RequestId = needs.RequestId!,
            Attempt = needs.Attempt,
            Cause = needs.Cause,
            At = slot.At,
            Silo = silo,
            Policy = policy.Name,
            Terms = policy.TermNames,
            PromptTokens = needs.PromptTokens,
            MaxTokens = needs.MaxTokens,
            ExpectedTokens = needs.ExpectedTokens,
            Chosen = slot.Chosen,
            Taken = slot.Taken,
            Preferred = needs.Prefer,
            Candidates = [.. candidates.Select(Report)],
            Omitted = slot.Devices - candidates.Length,
        };
    }

    private DecisionCandidate Report(RecordedCandidate candidate)
    {
        double[] terms = [candidate.Wait, candidate.Pace, candidate.Energy, candidate.Power, candidate.Memory, candidate.Harm];
        return new DecisionCandidate
        {
            Device = candidate.Device,
            Gate = candidate.Gate.ToString(),
            Terms = [.. terms.Take(policy.TermNames.Count).Select(Finite)],
            Score = Finite(candidate.Score),
            CachedTokens = candidate.CachedTokens,
            TtftSeconds = candidate.IsForeseen ? Finite(candidate.TtftSeconds) : null,
            ItlSeconds = candidate.IsForeseen ? Finite(candidate.ItlSeconds) : null,
            Joules = candidate.IsForeseen ? Finite(candidate.Joules) : null,
            Watts = candidate.IsForeseen ? Finite(candidate.Watts) : null,
        };
    }

    /// <summary>JSON has no infinity: what is beyond all numbers is shown as the largest.</summary>
    private static double Finite(double value) => double.IsFinite(value) ? value : double.MaxValue;
}
