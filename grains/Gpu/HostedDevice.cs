using Crescent.Control.Power;
using Crescent.Engine.Devices;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Configuration;
using Crescent.Grains.Frames;
using Crescent.Grains.Kv;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Gpu;

/// <summary>A device of this silo: its engine, the sequences it has and the links that carry their tokens.</summary>
internal sealed class HostedDevice(DeviceKey key, OwnedEngine owned, LiveSequences live, FrameSink sink)
{
    private readonly KvDemand _demand = KvDemand.Of(owned.Engine.Device);

    /// <summary>The device in the cluster.</summary>
    public DeviceKey Key { get; } = key;

    public IInferenceEngine Engine => owned.Engine;

    /// <summary>The newest changes of its prefix cache.</summary>
    public KvEventLog KvEvents => sink.KvEvents;

    /// <summary>Its power cap; null where it has none to set.</summary>
    public CapKeeper? Cap { get; init; }

    /// <summary>Its node.</summary>
    public string Node { get; init; } = "";

    /// <summary>Its rack; empty where racks are not told.</summary>
    public string Rack { get; init; } = "";

    /// <summary>The clock of traces.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Sequences taken and not ended.</summary>
    public int Live => live.Count;

    /// <exception cref="RequestRefusedException">The engine refuses it.</exception>
    public void Submit(Submission submission)
    {
        var request = submission.Request;
        var ticket = new StreamTicket(request.Id);
        var blocks = (int)_demand.BlocksFor(BlocksFor(request.Prompt.Length, request.MaxTokens, Engine.Device.BlockSize));
        var link = sink.LinkTo(submission.Front, submission.Observer);
        var cached = Math.Clamp(submission.CachedTokens, 0, request.Prompt.Length - 1);
        var uncached = request.Prompt.Length - cached;
        var sequence = new LiveSequence(ticket, link, request.ResumedTokens, uncached, Engine.Profile.PromptTime(uncached, cached), blocks)
        {
            Trace = SequenceTrace.Begin(request, Key.ToString(), Time.GetUtcNow()),
        };
        if (!live.TryAdd(sequence))
        {
            throw new RequestRefusedException(RefusalReason.Invalid, $"{Key} has ticket {ticket.Value:x} already.");
        }

        try
        {
            Engine.Submit(request with { Link = sequence });
        }
        catch
        {
            live.Remove(sequence);
            throw;
        }
    }

    public void Cancel(IEnumerable<long> tickets)
    {
        foreach (var ticket in tickets)
        {
            Engine.Cancel(ticket);
        }
    }

    public bool Has(long ticket) => live.Contains(ticket);

    /// <summary>A link is broken: nobody hears its sequences any more.</summary>
    public void Abandon(FrameLink link)
    {
        sink.Forget(link);
        Cancel(live.Over(link));
    }

    /// <summary>Gives up the links to front ends that are not <paramref name="alive"/>.</summary>
    public void KeepLinks(Predicate<SiloAddress> alive)
    {
        foreach (var link in sink.Links)
        {
            if (!alive(link.Front))
            {
                link.Break("its silo has left the cluster");
            }
        }
    }

    /// <summary>Tells the engine what power costs where the device stands.</summary>
    public void Heed(IPowerWord power) => Engine.Price = power.Price(Node, Rack);

    /// <summary>The device's state now, but for whether it takes calls.</summary>
    public DeviceReport Report()
    {
        var info = Engine.Device;
        var state = Engine.State;
        var counters = Engine.Counters;
        var cap = Cap?.State;

        // The engine's snapshot is as old as its last step; what has been submitted since waits.
        var waiting = Math.Max(state.Waiting, live.Count - state.Running);
        return new DeviceReport
        {
            Device = Key.Device,
            Description = info.Description,
            Activations = info.Activations,
            Simulated = info.Simulated,
            Model = Engine.Model,
            BlockSize = info.BlockSize,
            FurtherGroups = _demand.FurtherGroups,
            WindowGroups = _demand.WindowGroups,
            WindowBlocks = _demand.WindowBlocks,
            BlockBytes = info.BlockBytes,
            StateBytes = info.StateBytes,
            StateSlots = info.StateSlots,
            TotalBlocks = state.TotalBlocks,
            MaxContext = info.MaxContext,
            MaxStepTokens = info.MaxStepTokens,
            Waiting = waiting,
            Running = state.Running,
            QueuedPromptTokens = live.QueuedPromptTokens,
            QueuedPromptSeconds = live.QueuedPromptSeconds,
            ComputedPromptSeconds = live.ComputedPromptSeconds,
            FreeBlocks = state.FreeBlocks,
            CommittedBlocks = live.CommittedBlocks,
            StepSeconds = state.StepSeconds,
            TokensPerSecond = state.TokensPerSecond,
            Watts = state.Watts,
            WattsSource = state.WattsSource,

            // A cap that was lowered counts when the draw has met it.
            CapWatts = Math.Max(cap?.Watts ?? 0, state.CapWatts),
            MinCapWatts = Cap?.MinWatts ?? 0,
            MaxCapWatts = Cap?.MaxWatts ?? 0,
            CapIncarnation = cap?.Incarnation ?? 0,
            CapTerm = cap?.Stamp.Term ?? 0,
            CapNumber = cap?.Stamp.Number ?? 0,
            Node = Node,
            Rack = Rack,
            Joules = state.Joules,
            WattsAgeSeconds = state.WattsAge.TotalSeconds,
            IdleJoules = state.IdleJoules,
            OutputTokens = state.OutputTokens,
            PromptTokens = counters.PromptTokens,
            PrefixQueryTokens = counters.PrefixQueryTokens,
            PrefixHitTokens = counters.PrefixHitTokens,
            HostHitTokens = counters.HostHitTokens,
            ForkedTokens = counters.ForkedTokens,
            Preemptions = counters.Preemptions,
            GuessedTokens = counters.GuessedTokens,
            AcceptedTokens = counters.AcceptedTokens,
            NGramGuessedTokens = counters.Guesses.NGramGuessed,
            NGramAcceptedTokens = counters.Guesses.NGramAccepted,
            DraftGuessedTokens = counters.Guesses.DraftGuessed,
            DraftAcceptedTokens = counters.Guesses.DraftAccepted,
            DraftModel = state.Draft?.Model ?? "",
            DraftBlocks = state.Draft?.TotalBlocks ?? 0,
            DraftFreeBlocks = state.Draft?.FreeBlocks ?? 0,
            DraftBlockBytes = state.Draft?.BlockBytes ?? 0,
            DraftSeconds = state.Draft?.Seconds ?? 0,
            Fairness = state.Fairness,
            ProgramFairness = state.ProgramFairness,
            HeldCalls = state.Held,
            Holds = counters.Holds,
            HoldsForWatts = counters.HoldsForWatts,
            FailedSteps = state.FailedSteps,
            StalledSeconds = state.StalledFor.TotalSeconds,
            LastError = state.LastError,
            RequestFaults = counters.Faults,
            Profile = Engine.Profile,
        };
    }

    /// <summary>Ends its sequences, its engine and what belongs to it. Waits for the step in progress: not for the thread pool.</summary>
    public void Close()
    {
        try
        {
            owned.Dispose();
        }
        finally
        {
            Task.WhenAll(sink.Links.Select(static link => link.DisposeAsync().AsTask())).GetAwaiter().GetResult();
        }
    }

    /// <summary>Blocks of positions of a sequence at its longest.</summary>
    internal static int BlocksFor(int promptTokens, int maxTokens, int blockSize) =>
        (int)((Math.Max(1L, (long)promptTokens + maxTokens) + blockSize - 1) / blockSize);
}
