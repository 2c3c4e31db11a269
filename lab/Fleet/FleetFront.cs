using Crescent.Control.Kv;
using Crescent.Control.Placement;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;

namespace Crescent.Lab.Fleet;

/// <summary>A front end of a <see cref="VirtualFleet"/>, as one silo of a cluster is: its view, its reservations, what it knows of caches and of the lengths of answers.</summary>
internal sealed class FleetFront
{
    /// <summary>Class of all calls in what is expected of their lengths.</summary>
    private const string Lengths = "lab";

    private readonly FleetOptions _options;
    private readonly FleetLevels _levels;
    private readonly IReadOnlyList<FleetDevice> _devices;
    private readonly int _number;
    private readonly PlacementBook _book;
    private readonly KvIndex? _index;
    private readonly OutputLengths _lengths = new();
    private readonly ActiveBlocks _active = new();
    private readonly List<FleetCall> _waiting = [];
    private readonly bool _moves;

    /// <param name="options">The fleet.</param>
    /// <param name="number">Which of its front ends it is.</param>
    /// <param name="devices">The devices.</param>
    /// <param name="levels">Their budgets.</param>
    /// <param name="bindings">Devices of sessions, and of those that work for one parent: others' front ends share them.</param>
    /// <param name="index">Filled with what caches tell; null where prompts have no content.</param>
    public FleetFront(
        FleetOptions options, int number, IReadOnlyList<FleetDevice> devices, FleetLevels levels, (SessionBindings Sessions, SessionBindings Groups) bindings, KvIndex? index)
    {
        (_options, _number, _devices, _levels, _index) = (options, number, devices, levels, index);
        _moves = options.MoveMargin > 0 && LabPolicies.Plain(options.Policy) == PowerAwarePolicy.PolicyName;
        _book = new PlacementBook(LabPolicies.Create(options.Policy, options.Weights), new FactoryView
        {
            MaxQueued = options.MaxQueued,
            Active = _active,
            Sessions = bindings.Sessions,
            Groups = bindings.Groups,
        })
        {
            Fronts = options.Fronts.Count,
        };
    }

    /// <summary>The devices as it sees them.</summary>
    public FactoryView View => _book.View;

    /// <summary>Takes what the devices reported.</summary>
    public void Hear(FleetReport report, double now)
    {
        var view = _book.View;
        view.Now = now;
        for (var i = 0; i < report.Devices.Length; i++)
        {
            var (load, profile, isDraining) = report.Devices[i];
            _book.Report(_devices[i].Key, profile, load, report.Sequence, isDraining);
        }

        _book.Settle();
        for (var i = 0; i < report.Devices.Length; i++)
        {
            if (LabPolicies.Plain(_options.Policy) == PowerAwarePolicy.PolicyName && view.Devices[i].ClusterLevel is null)
            {
                _levels.Join(_number, _book, i, _devices[i].Rack);
            }
        }
    }

    /// <summary>Takes what happened in a device's cache.</summary>
    public void Hear(int device, ReadOnlySpan<KvEvent> events)
    {
        Span<BlockHash> one = stackalloc BlockHash[1];
        foreach (ref readonly var happened in events)
        {
            one[0] = happened.Hash;
            if (happened.Kind == KvEventKind.Stored)
            {
                _index!.Stored(device, one);
            }
            else
            {
                _index!.Evicted(device, one);
            }
        }
    }

    /// <summary>Decides about a call and charges it.</summary>
    /// <param name="call">The call.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="chain">Hashes of its whole blocks.</param>
    /// <param name="blockSize">Of all devices.</param>
    /// <param name="prefer">The device that it was assigned to; null for none.</param>
    /// <param name="now">The moment.</param>
    /// <returns>Null where no device takes it.</returns>
    public FleetAttempt? Place(FleetCall call, in FleetRequest request, int[] prompt, BlockHash[] chain, KvBlockSize blockSize, string? prefer, double now)
    {
        _book.View.Now = now;
        Look(call, chain, blockSize);
        var expected = Math.Clamp(_lengths.Expect(Lengths, call.MaxTokens) * (1 + _options.LengthError), 1, call.MaxTokens);
        var needs = new PlacementCall(
            call.Id, call.PromptTokens, call.MaxTokens, expected, _options.Level, Prefer: prefer, Session: request.Call.Program, Parent: request.Parent ?? request.Call.ParentProgram);
        var decision = _book.Place(needs, call.Id);
        if (!decision.IsPlaced)
        {
            return null;
        }

        if (_moves)
        {
            _waiting.Add(call);
        }

        return Attempt(
            call, needs, decision.Device, request.Call with { Id = call.Id, Prompt = prompt, MaxTokens = call.OutputTokens, Chain = chain.Length > 0 ? chain : null }, now);
    }

    /// <summary>Its calls that have waited so long for their first token that they may move.</summary>
    public FleetCall[] Waiting(double now)
    {
        _waiting.RemoveAll(static call => call.Tokens > 0 || call.EndedAt > 0 || call.Failed || call.Moves == DeviceExits.MostWanderings);
        return [.. _waiting.Where(call => !call.IsCancelled && now - call.Attempt!.At > DeviceExits.LeastWait.TotalSeconds)];
    }

    /// <summary>Charges a call that waits to a device that has become better for it, as a cluster does: it leaves, and is then placed as one that avoids the device that it has left.</summary>
    /// <returns>Null where it stays.</returns>
    public FleetAttempt? Move(FleetCall call, KvBlockSize blockSize, double now)
    {
        var former = call.Attempt!;
        var (view, key) = (_book.View, _devices[former.Device].Key);
        view.Now = now;
        double? margin = view.Devices[former.Device].Draining ? null : _options.MoveMargin;
        if (DeviceExits.Move(_book, call.Id, key, call.MaxTokens, PlacementGate.Open, margin) is null)
        {
            return null;
        }

        var needs = former.Needs with { Avoid = [.. former.Needs.Avoid ?? [], key], Prefer = null };
        var charged = view.IndexOf(_book.DeviceOf(call.Id)!);
        Look(call, former.Request!.Chain ?? [], blockSize);
        _book.Release(call.Id);
        var decision = _book.Place(needs, call.Id);
        if (!decision.IsPlaced)
        {
            _book.Charge(needs, call.Id, charged);
        }

        return Attempt(call, needs, decision.IsPlaced ? decision.Device : charged, former.Request, now);
    }

    /// <summary>A device has taken a call, after the report <paramref name="sequence"/>.</summary>
    public void Accepted(FleetAttempt attempt, long sequence) => _book.Accept(attempt.Call.Id, _devices[attempt.Device].Key, sequence);

    /// <summary>A call that it has placed has ended.</summary>
    public void Ended(FleetCall call)
    {
        _book.Release(call.Id);
        _book.View.Lengths.Learn(call.Tokens);
        _lengths.Learn(Lengths, call.MaxTokens, call.Tokens);
    }

    private void Look(FleetCall call, ReadOnlySpan<BlockHash> chain, KvBlockSize blockSize)
    {
        _index?.Overlap(chain, _book.View.ChangeOverlap());
        _active.Look(chain, blockSize.BlocksFor(call.PromptTokens));
    }

    private FleetAttempt Attempt(FleetCall call, in PlacementCall needs, int device, InferenceRequest request, double now)
    {
        _index?.Predict(device, request.Chain ?? [], KvIndex.DefaultPrediction);
        var attempt = new FleetAttempt { Call = call, Device = device, At = now, Needs = needs, Uncached = _book.View.Uncached(needs, device) };
        attempt.Request = request with { Link = attempt };
        return call.Attempt = attempt;
    }
}
