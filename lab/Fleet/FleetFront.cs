using Crescent.Control.Kv;
using Crescent.Control.Placement;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

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
    /// <returns>Null where no device takes it.</returns>
    public string? Place(FleetCall call, in FleetRequest request, ReadOnlySpan<BlockHash> chain, KvBlockSize blockSize, string? prefer, double now)
    {
        var view = _book.View;
        view.Now = now;
        _index?.Overlap(chain, view.ChangeOverlap());
        _active.Look(chain, blockSize.BlocksFor(call.PromptTokens));
        var expected = Math.Clamp(_lengths.Expect(Lengths, call.MaxTokens) * (1 + _options.LengthError), 1, call.MaxTokens);
        var needs = new PlacementCall(
            call.Id, call.PromptTokens, call.MaxTokens, expected, _options.Level, Prefer: prefer, Session: request.Call.Program, Parent: request.Parent ?? request.Call.ParentProgram);
        var decision = _book.Place(needs, call.Id);
        if (!decision.IsPlaced)
        {
            return null;
        }

        call.Device = decision.Device;
        call.Uncached = view.Uncached(needs, decision.Device);
        _index?.Predict(decision.Device, chain, KvIndex.DefaultPrediction);
        return view.Devices[decision.Device].Key;
    }

    /// <summary>A device has taken a call, after the report <paramref name="sequence"/>.</summary>
    public void Accepted(FleetCall call, string device, long sequence) => _book.Accept(call.Id, device, sequence);

    /// <summary>A call that it has placed has ended.</summary>
    public void Ended(FleetCall call)
    {
        _book.Release(call.Id);
        _book.View.Lengths.Learn(call.Tokens);
        _lengths.Learn(Lengths, call.MaxTokens, call.Tokens);
    }
}
