using System.Diagnostics;
using System.Runtime.InteropServices;
using Crescent.Control.Kv;
using Crescent.Control.Placement;
using Crescent.Control.Power;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Traces;
using Crescent.Lab.Virtual;

namespace Crescent.Lab.Fleet;

/// <summary>
/// A factory in virtual time, without Orleans: front end, view and reservations, policy, governor, and an engine for each device, all of them the
/// code that a live cluster runs. Reports come each 250 ms and the governor looks at them when they do, as live. Several front ends take calls in turn (<see cref="FleetOptions.Fronts"/>).
/// </summary>
public sealed partial class VirtualFleet : IDisposable
{
    private const double ReportSeconds = 0.25;

    /// <summary>Devices start with their lowest caps; by this moment the governor has given them theirs, and requests begin to arrive, s.</summary>
    private const double StartSeconds = 5;

    private static readonly InferenceRequest Nobodys = new() { Prompt = [], MaxTokens = 0 };

    private readonly FleetOptions _options;
    private readonly VirtualClock _clock = new();
    private readonly SilentTokenizer _tokenizer = new();
    private readonly FleetDevice[] _devices;
    private readonly List<DevicePower> _readings = [];
    private readonly PowerMeter _meter;
    private readonly ServerFleet? _servers;
    private readonly FleetFront[] _fronts;
    private readonly BurstWindow[] _windows;
    private readonly PowerGovernor _governor;
    private readonly bool _caches;
    private readonly PromptHashes _hashes;
    private readonly List<FleetCall> _calls = [];
    private readonly FleetLevels _levels;
    private readonly int _maxContext;
    private long _reports;
    private int _open;
    private bool _arriving = true;
    private double _lastAt;
    private double _mostKvShare;

    /// <summary>A fleet whose devices are idle.</summary>
    /// <param name="options">What it is.</param>
    /// <param name="caches">Whether prompts have content that caches can hold.</param>
    public VirtualFleet(FleetOptions options, bool caches)
    {
        _options = options;
        var text = new SimulatedText(_tokenizer);
        _meter = new PowerMeter(options.Spec, StartSeconds);
        _caches = caches;
        _hashes = new PromptHashes(BlockHash.Root(options.Spec.Model.Name, new EngineOptions().KvType));
        var places = options.Spec.Places;
        _devices = [.. Enumerable.Range(0, options.Spec.DeviceCount).Select(i => new FleetDevice(this, options, i, places[i], text, _tokenizer, _meter, _clock, caches))];
        _maxContext = _devices.Min(static device => device.MaxContext);
        _levels = new FleetLevels(options, StartSeconds);
        _servers = options.Servers is { } servers ? new ServerFleet(servers, options.Spec, _meter, StartSeconds) : null;
        var bindings = (new SessionBindings(LabPolicies.SessionSeconds), new SessionBindings(ParentGroupPolicy.DefaultIdleSeconds));
        _fronts = [.. Enumerable.Range(0, options.Fronts.Count).Select(i => new FleetFront(options, i, _devices, _levels, bindings, caches ? Index() : null))];
        _windows = options.Policy.EndsWith(LabPolicies.Burst, StringComparison.Ordinal) ? [.. _fronts.Select(front => new BurstWindow(this, front))] : [];
        _governor = new PowerGovernor(options.Controller ?? PowerControllers.For(LabPolicies.Plain(options.Policy), options.Level), random: new Random(options.Seed));
    }

    /// <summary>Time since requests may arrive, s.</summary>
    internal double Seconds => _clock.Elapsed.TotalSeconds - StartSeconds;

    /// <summary>Serves <paramref name="arrivals"/>, in their order, until the last of them is answered.</summary>
    public FleetResult Run(IEnumerable<Arrival> arrivals, CancellationToken cancellationToken = default)
    {
        new Arrivals(this, arrivals.GetEnumerator()).Next();
        var seconds = Run(() => !_arriving && _open == 0, cancellationToken);
        return Result(seconds);
    }

    /// <summary>Serves sessions whose calls wait for one another, until those that are measured are done.</summary>
    public SessionResult Run(SessionTrace trace, SessionLoadOptions options, CancellationToken cancellationToken = default)
    {
        var load = new SessionLoad(this, trace.Within(_maxContext), options, Vocabulary);
        load.Begin();
        var seconds = Run(() => load.IsOver, cancellationToken);
        return SessionResults.Of(load, Result(seconds), options, Seconds);
    }

    /// <summary>Begins with <paramref name="first"/>, and goes on until <paramref name="isOver"/> says so.</summary>
    internal FleetResult Run(IVirtualEvent first, Func<bool> isOver, CancellationToken cancellationToken)
    {
        After(0, first);
        return Result(Run(isOver, cancellationToken));
    }

    /// <summary>Fires <paramref name="happening"/> after a time, which runs from the moment when requests may arrive, or from now.</summary>
    internal void After(double seconds, IVirtualEvent happening, bool fromNow = false) => _clock.Schedule(
        happening,
        (fromNow ? _clock.Ticks : Math.Max(_clock.Ticks, TimeSpan.TicksPerSecond + (long)(StartSeconds * TimeSpan.TicksPerSecond))) + (long)(seconds * TimeSpan.TicksPerSecond));

    /// <summary>Positions of a KV block, of all devices.</summary>
    internal KvBlockSize BlockSize => _devices[0].BlockSize;

    /// <summary>Tokens of its prompts are 0 to this less one.</summary>
    internal int Vocabulary => _tokenizer.VocabularySize;

    /// <summary>The governor's price of the fleet's watts, in points.</summary>
    internal double Price => _levels.Price;

    /// <summary>Gives a call up. Its caller hears of its end, at once or with the device's next step.</summary>
    internal void Cancel(FleetCall call)
    {
        call.IsCancelled = true;
        if (call.Attempt is { } attempt)
        {
            _devices[attempt.Device].Cancel(call);
        }
    }

    /// <summary>Whether a call met the promise.</summary>
    internal bool IsGood(FleetCall call) => !call.Failed && call.Ttft <= _options.Level.TtftSeconds && call.Itl <= _options.Level.ItlSeconds;

    private double Run(Func<bool> isOver, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        using var reports = _clock.CreateTimer(_ => Report(), null, TimeSpan.Zero, TimeSpan.FromSeconds(ReportSeconds));
        do
        {
            _clock.Run(_clock.Elapsed + TimeSpan.FromSeconds(1), cancellationToken);
        }
        while (!isOver());

        _lastAt = Math.Max(_lastAt, StartSeconds);
        _meter.Close(_lastAt);
        _servers?.Close(_lastAt);
        return watch.Elapsed.TotalSeconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var device in _devices)
        {
            device.Dispose();
        }
    }

    internal void OnOutput(FleetAttempt attempt, in SequenceOutput output)
    {
        var call = attempt.Call;
        if (call.Attempt != attempt)
        {
            return;
        }

        var now = _clock.Elapsed.TotalSeconds;
        _lastAt = now;
        if (output.Token >= 0)
        {
            call.Tokens++;
            if (output.Offset == 0)
            {
                call.FirstTokenAt = now;
            }
        }

        if (output.Finish != FinishReason.None)
        {
            call.EndedAt = now;
            call.Failed = output.Finish != FinishReason.Length;
            _open--;
            FrontOf(call).Ended(call);
            call.Caller?.Ended(call);
        }
    }

    private void Report()
    {
        var report = new FleetReport(++_reports, [.. _devices.Select((device, i) => (device.Load(), device.Profile, _servers?.IsDraining(i) ?? false))]);
        foreach (var (load, _, _) in report.Devices)
        {
            _mostKvShare = Math.Max(_mostKvShare, 1 - ((double)load.FreeBlocks / load.TotalBlocks));
        }

        Tell(() =>
        {
            foreach (var front in _fronts)
            {
                front.Hear(report, _clock.Elapsed.TotalSeconds);
                Move(front);
            }

            Govern();
        });
    }

    /// <summary>What happened in the cache of device <paramref name="number"/>.</summary>
    internal void OnKvEvents(int number, ReadOnlySpan<KvEvent> events)
    {
        if (_options.Fronts.DelaySeconds > 0)
        {
            var copy = events.ToArray();
            Tell(() => Hear(number, copy));
        }
        else
        {
            Hear(number, events);
        }
    }

    private void Hear(int number, ReadOnlySpan<KvEvent> events)
    {
        foreach (var front in _fronts)
        {
            front.Hear(number, events);
        }
    }

    /// <summary>Does what front ends hear of, once it has come to them.</summary>
    private void Tell(Action heard)
    {
        if (_options.Fronts.DelaySeconds == 0)
        {
            heard();
        }
        else
        {
            _clock.CreateTimer(_ => heard(), null, TimeSpan.FromSeconds(_options.Fronts.DelaySeconds), Timeout.InfiniteTimeSpan);
        }
    }

    private KvIndex Index()
    {
        var index = new KvIndex(_clock, _devices.Length);
        foreach (var device in _devices)
        {
            index.AddDevice(device.Places);
        }

        return index;
    }

    private FleetFront FrontOf(FleetCall call) => _fronts[call.Id % _fronts.Length];

    /// <summary>The governor and what lets servers sleep sit beside the first front end.</summary>
    private void Govern()
    {
        var view = _fronts[0].View;
        if (view.Now >= StartSeconds)
        {
            _servers?.Look(view);
        }

        _readings.Clear();
        for (var i = 0; i < _devices.Length; i++)
        {
            if (_servers?.IsAsleep(i) != true)
            {
                _readings.Add(_devices[i].Power(view.Devices[i]));
            }
        }

        var step = _governor.Step(view.Now, CollectionsMarshal.AsSpan(_readings), _levels.BudgetsAt(view.Now));
        foreach (var order in step.Orders)
        {
            _devices[view.IndexOf(order.Device)].SetCap(order);
        }

        _levels.Heed(step.Levels);
        foreach (var device in _devices)
        {
            device.Heed(_levels.Price);
        }
    }

    private void Arrive(Arrival arrival) => Take(new FleetRequest
    {
        Prompt = id => arrival.Prompt(id, _tokenizer.VocabularySize),
        PromptTokens = arrival.Request.PromptTokens,
        OutputTokens = arrival.Request.OutputTokens,
        Call = Nobodys,
        Parent = arrival.Request.Task is { } task ? Name(arrival.Content, task) : null,
    });

    private static string Name(int content, int task) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{content}/{task}");

    /// <summary>A call arrives now.</summary>
    internal FleetCall Take(in FleetRequest request)
    {
        var id = _calls.Count;
        var now = _clock.Elapsed.TotalSeconds;
        var call = new FleetCall
        {
            Id = id,
            ArrivedAt = now,
            PromptTokens = request.PromptTokens,
            OutputTokens = request.OutputTokens,
            MaxTokens = Math.Max(request.OutputTokens, Math.Min(_options.MaxTokens, _maxContext + 1 - request.PromptTokens)),
            Caller = request.Caller,
        };
        _calls.Add(call);
        _open++;
        _lastAt = now;
        var prompt = request.Prompt(id);
        var chain = _caches ? _hashes.Of(prompt, BlockSize) : [];
        if (_windows.Length > 0)
        {
            _windows[id % _windows.Length].Hold(call, request, prompt, chain);
        }
        else
        {
            Place(call, request, prompt, chain, null);
        }

        return call;
    }

    /// <summary>Gives a call that has arrived to a device.</summary>
    /// <param name="call">The call.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="chain">Hashes of its whole blocks.</param>
    /// <param name="prefer">The device that it was assigned to; null for none.</param>
    internal void Place(FleetCall call, in FleetRequest request, int[] prompt, BlockHash[] chain, string? prefer)
    {
        var now = _clock.Elapsed.TotalSeconds;
        var front = FrontOf(call);
        if ((call.IsCancelled ? null : front.Place(call, request, prompt, chain, BlockSize, prefer, now)) is not { } attempt)
        {
            _open--;
            call.Failed = true;
            call.EndedAt = now;
            call.Caller?.Ended(call);
            return;
        }

        Submit(front, attempt);
    }

    /// <summary>Moves the calls of a front end that wait where they need not.</summary>
    private void Move(FleetFront front)
    {
        var now = _clock.Elapsed.TotalSeconds;
        foreach (var call in front.Waiting(now))
        {
            var former = call.Attempt!;
            if (front.Move(call, BlockSize, now) is { } attempt)
            {
                call.Moves++;
                _devices[former.Device].Cancel(call);
                Submit(front, attempt);
            }
        }
    }

    private void Submit(FleetFront front, FleetAttempt attempt)
    {
        _devices[attempt.Device].Submit(attempt);
        front.Accepted(attempt, _reports);
    }

    private sealed class Arrivals(VirtualFleet fleet, IEnumerator<Arrival> arrivals) : IVirtualEvent
    {
        public void Fire()
        {
            fleet.Arrive(arrivals.Current);
            Next();
        }

        public void Next()
        {
            if (arrivals.MoveNext())
            {
                fleet._clock.Schedule(this, TimeSpan.TicksPerSecond + (long)((StartSeconds + arrivals.Current.Seconds) * TimeSpan.TicksPerSecond));
            }
            else
            {
                fleet._arriving = false;
                arrivals.Dispose();
            }
        }
    }
}
