using Crescent.Control.Health;
using Crescent.Grains.Configuration;
using Crescent.Grains.Models;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gpu;

/// <summary>
/// A device that the silo may open, and what it knows of it while it is closed. Its grain opens and closes it; a second activation of the grain finds it taken.
/// </summary>
internal sealed class DeviceSlot(
    DeviceKey key, DevicePlan plan, DeviceOpener opener, HealthOptions health, IPowerWord power, TimeProvider time, ILogger logger)
{
    /// <summary>A device that has not ended within this is left to itself: a step hangs.</summary>
    public static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    /// <summary>A silo that ends while a device is being opened waits for it so long.</summary>
    public static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(30);

    /// <summary>Streams have so long to go on elsewhere before a sick device ends them.</summary>
    public static readonly TimeSpan MovePatience = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly DeviceBreaker _breaker = new(health, DeviceKeeper.Interval.TotalSeconds);
    private readonly DeviceModel _model = new(plan);
    private readonly DeviceLoading _loading = new(key, plan, opener, TimeSpan.FromSeconds(health.OpenSeconds), time, logger);
    private readonly long _began = time.GetTimestamp();
    private object? _holder;
    private Task _opening = Task.CompletedTask;
    private Task _closing = Task.CompletedTask;
    private HostedDevice? _device;
    private DeviceReport? _last;
    private DeviceStage _stage;
    private bool _wasSick;
    private string? _fault;
    private double _dueAt;
    private double _closeAt;
    private double _idleSince;
    private bool _isOutOfService;

    /// <summary>The device in the cluster.</summary>
    public DeviceKey Key => key;

    /// <summary>The open device; null while there is none.</summary>
    public HostedDevice? Device => Volatile.Read(ref _device);

    /// <summary>Whether an operator has taken it out of service.</summary>
    public bool IsOutOfService
    {
        get => Volatile.Read(ref _isOutOfService);
        set => Volatile.Write(ref _isOutOfService, value);
    }

    /// <summary>Whether nothing of it runs any more: no device, none that is being closed and none that is being opened.</summary>
    public bool HasEnded => Device is null && Volatile.Read(ref _closing).IsCompleted && Volatile.Read(ref _opening).IsCompleted && _loading.HasEnded;

    /// <summary>Sequences taken and not ended.</summary>
    public int Live => Device?.Live ?? 0;

    /// <summary>Whether its grain opens it when it is activated: it is neither left alone as sick nor drained.</summary>
    public bool MayOpen
    {
        get
        {
            lock (_lock)
            {
                return _stage != DeviceStage.Quarantined && !IsOutOfService;
            }
        }
    }

    /// <summary>Why nothing can run on it now; null when something can.</summary>
    public string? Closed
    {
        get
        {
            lock (_lock)
            {
                return _stage switch
                {
                    DeviceStage.Quarantined => $"{key} is quarantined: {_fault}.",
                    DeviceStage.Opening => $"{key} is being opened.",
                    DeviceStage.Closed => $"{key} is closed.",
                    _ => null,
                };
            }
        }
    }

    /// <summary>Whether it is to be closed: it is sick, or drained and empty.</summary>
    public bool IsToClose
    {
        get
        {
            lock (_lock)
            {
                return _stage == DeviceStage.Quarantined || (IsOutOfService && _device is { Live: 0 })
                    || (_stage == DeviceStage.Serving && _device is { } device && _model.IsDue(device.Live, Now()));
            }
        }
    }

    /// <summary>The model that it is to serve once its streams have left; null where it serves what it should.</summary>
    public string? Loading
    {
        get
        {
            lock (_lock)
            {
                return _model.Wanted?.Id;
            }
        }
    }

    /// <summary>
    /// Lets it serve <paramref name="model"/> from now on: it takes no new work, and once its streams have gone on elsewhere or ended, but after
    /// <paramref name="patience"/> at the latest, it is closed and opened anew. Where the model cannot be opened, it goes back to the one that it had.
    /// </summary>
    /// <exception cref="ArgumentException">The device cannot serve it.</exception>
    public void Load(ServedModel model, TimeSpan patience)
    {
        if (plan.Check?.Invoke(model) is { } fault)
        {
            throw new ArgumentException($"{key} cannot serve '{model.Id}': {fault}", nameof(model));
        }

        lock (_lock)
        {
            _model.Want(model, Now() + patience.TotalSeconds);
        }
    }

    /// <summary>Whether it lacks power, so that it is to take no calls.</summary>
    public bool LacksPower => power.Drains(key.ToString());

    /// <summary>
    /// Opens it for <paramref name="holder"/>, on a thread of its own, or takes over what was opened for nobody; one that was sick is tried before it serves.
    /// Ends when it serves.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another activation has it, or its former self has not ended.</exception>
    public Task Open(object? holder)
    {
        lock (_lock)
        {
            if (_holder is not null && !ReferenceEquals(_holder, holder))
            {
                throw new InvalidOperationException($"{key} is held by another activation of its grain.");
            }

            if (_stage is DeviceStage.Opening or DeviceStage.Serving)
            {
                _holder ??= holder;
                return _opening;
            }

            if (_device is not null || !_closing.IsCompleted)
            {
                throw new InvalidOperationException($"{key} is still being closed.");
            }

            if (!_opening.IsCompleted || !_loading.HasEnded)
            {
                throw new InvalidOperationException($"{key} is still being opened, for nobody any more.");
            }

            if (_stage == DeviceStage.Quarantined && Now() < _dueAt)
            {
                throw new InvalidOperationException($"{key} is quarantined, and is tried again in {_dueAt - Now():0.#} s.");
            }

            _holder = holder;
            _stage = DeviceStage.Opening;
            return _opening = Task.Run(Open);
        }
    }

    /// <summary>Closes it for <paramref name="holder"/>, who gives it back; nothing where another has it.</summary>
    public async Task Close(object holder)
    {
        Task closing;
        lock (_lock)
        {
            if (!ReferenceEquals(_holder, holder))
            {
                return;
            }

            closing = Closing();
            _holder = null;
        }

        try
        {
            await closing.WaitAsync(ClosePatience, time);
        }
        catch (TimeoutException)
        {
            DeviceLog.DoesNotEnd(logger, key.ToString(), ClosePatience.TotalSeconds);
        }
        catch (Exception e)
        {
            DeviceLog.NotClosed(logger, key, e.Message);
        }
    }

    /// <summary>Closes it whoever has it, once it is open: the silo ends, and with it what the device is made of. Never throws.</summary>
    public async Task CloseForGood()
    {
        try
        {
            Task opening;
            lock (_lock)
            {
                opening = _opening;
                _ = Closing();
            }

            await Task.WhenAny(opening, Task.Delay(OpenPatience, time));
            Task closing;
            lock (_lock)
            {
                closing = _closing;
            }

            await closing.WaitAsync(ClosePatience, time);
        }
        catch (Exception e)
        {
            DeviceLog.NotClosed(logger, key, e.Message);
        }
    }

    /// <summary>Looks at its health and at what is to be done with it now.</summary>
    public DeviceDuty Look()
    {
        lock (_lock)
        {
            var now = Now();
            switch (_stage)
            {
                case DeviceStage.Serving when _device is { } device:
                    var state = device.Engine.State;
                    if (_breaker.Look(new DeviceSigns(state.AllFailedSteps, state.Steps, state.StalledFor.TotalSeconds, state.StepForecast, state.LastError), now) is { } reason)
                    {
                        Quarantine(reason);
                        return DeviceDuty.None;
                    }

                    if (_model.IsDue(device.Live, now))
                    {
                        return DeviceDuty.Close;
                    }

                    _idleSince = IsOutOfService && device.Live == 0 ? _idleSince : now;
                    return now - _idleSince > health.ReleaseSeconds ? DeviceDuty.Close : DeviceDuty.None;
                case DeviceStage.Quarantined when _device is { } sick:
                    return sick.Live == 0 || now >= _closeAt ? DeviceDuty.Close : DeviceDuty.None;
                case DeviceStage.Quarantined:
                    return now >= _dueAt && _closing.IsCompleted && _loading.HasEnded && !IsOutOfService ? DeviceDuty.Open : DeviceDuty.None;
                case DeviceStage.Closed when _last is not null:
                    return !IsOutOfService && _closing.IsCompleted && _opening.IsCompleted && _loading.HasEnded ? DeviceDuty.Open : DeviceDuty.None;
                default:
                    return DeviceDuty.None;
            }
        }
    }

    /// <summary>Its state now; null before it was open.</summary>
    public DeviceReport? Report()
    {
        // Read before the sequences are counted: a report that says so has all that were taken before.
        var outOfService = IsOutOfService;
        DeviceStage stage;
        string? fault, loading, loadFault;
        double due;
        lock (_lock)
        {
            (stage, fault, due, loading, loadFault) = (_stage, _fault, _dueAt - Now(), _model.Wanted?.Id, _model.Fault);
        }

        Device?.Heed(power);
        var report = Device?.Report() ?? Volatile.Read(ref _last);
        return report is null ? null : report with
        {
            OutOfService = outOfService,
            Draining = outOfService || loading is not null || stage != DeviceStage.Serving || LacksPower,
            Stage = stage.ToString().ToLowerInvariant(),
            Fault = fault,
            Loading = loading,
            LoadFault = loadFault,
            RetrySeconds = stage == DeviceStage.Quarantined ? Math.Max(0, due) : 0,
        };
    }

    private async Task Open()
    {
        HostedDevice? device = null;
        ServedModel? model;
        lock (_lock)
        {
            model = _model.Next;
        }

        try
        {
            device = await _loading.Open(model);
            if (_wasSick)
            {
                await DeviceProbe.Run(device.Engine, DeviceProbe.Patience(device.Engine.Profile, Volatile.Read(ref _last)?.StepSeconds ?? 0), time);
            }

            lock (_lock)
            {
                if (_stage != DeviceStage.Opening)
                {
                    throw new OperationCanceledException($"{key} was closed while it was opened.");
                }

                _device = device;
                _stage = DeviceStage.Serving;
                (_fault, _idleSince) = (null, Now());
                _breaker.Serves(Now());
                _model.Opened(model);
            }

            if (Interlocked.Exchange(ref _wasSick, false))
            {
                DeviceLog.BackAgain(logger, key.ToString());
            }
        }
        catch (Exception e)
        {
            lock (_lock)
            {
                if (device is not null)
                {
                    _closing = OnThread(device.Close);
                }

                if (_stage == DeviceStage.Opening && _model.GiveUp(model, e.Message))
                {
                    _stage = DeviceStage.Closed;
                    DeviceLog.NotLoaded(logger, key.ToString(), _model.Fault!);
                }
                else if (_stage == DeviceStage.Opening)
                {
                    Quarantine(e.Message);
                }
            }

            throw;
        }
    }

    private Task Closing()
    {
        if (_device is { } device)
        {
            try
            {
                _last = device.Report().AtRest();
            }
            catch (Exception e)
            {
                // What it said before stands: a sick device may not even tell of itself.
                DeviceLog.NotClosed(logger, key, e.Message);
            }

            _device = null;
            _closing = OnThread(device.Close);
        }

        if (_stage != DeviceStage.Quarantined)
        {
            _stage = DeviceStage.Closed;
        }

        return _closing;
    }

    private void Quarantine(string reason)
    {
        var pause = _breaker.Trip(Now());
        _stage = DeviceStage.Quarantined;
        _wasSick = true;
        _fault = reason.TrimEnd('.');
        _dueAt = Now() + pause.TotalSeconds;
        _closeAt = Now() + MovePatience.TotalSeconds;
        DeviceLog.Quarantined(logger, key.ToString(), _fault, pause.TotalSeconds);
    }

    private static Task OnThread(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private double Now() => time.GetElapsedTime(_began).TotalSeconds;
}
