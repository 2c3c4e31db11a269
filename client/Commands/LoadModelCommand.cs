using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>load-model</c>: lets a device serve another model, and waits until it does.</summary>
internal sealed class LoadModelCommand : Command
{
    private const double DefaultWaitSeconds = 600;
    private const double DefaultDrainSeconds = 60;
    private const double LongestDrainSeconds = 3600;
    private const double LongestWaitSeconds = 86_400;

    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(500);

    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public LoadModelCommand(Terminal terminal, Connector connect) : base(
        "load-model",
        "Let a device serve another model of the cluster (--model, --models, --devices of the cluster): it takes no new calls, what it has goes on elsewhere or ends, then "
        + "it is opened with the other model. Waits until it serves.")
    {
        _terminal = terminal;
        _connect = connect;
        var device = DeviceArgument.Create();
        var model = new Argument<string>("MODEL") { Description = "A name of a model that the cluster knows" };
        var drain = NumberOption.Create<double>(
            "--drain", $"Longest time for the calls that the device has, in seconds (default: {DefaultDrainSeconds})", "SECONDS", $"a number of seconds from 0 to {LongestDrainSeconds}", v => v is >= 0 and <= LongestDrainSeconds);
        var noWait = new Option<bool>("--no-wait") { Description = "Leave at once, without waiting until the device serves (default: off)" };
        var wait = NumberOption.Create<double>(
            "--wait", $"Longest wait until the device serves, in seconds (default: {DefaultWaitSeconds})", "SECONDS", "a number of seconds above 0 and at most a day", v => v is > 0 and <= LongestWaitSeconds);
        Validators.Add(result =>
        {
            if (result.GetResult(wait) is not null && result.GetValue(noWait))
            {
                result.AddError("--wait excludes --no-wait, which does not wait.");
            }
        });
        var connection = new ConnectionOptions("a line of JSON each time that the device's state changes");
        Arguments.Add(device);
        Arguments.Add(model);
        Options.Add(drain);
        Options.Add(noWait);
        Options.Add(wait);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            var limit = parsed.GetValue(noWait) ? TimeSpan.Zero : TimeSpan.FromSeconds(parsed.GetValue(wait) ?? DefaultWaitSeconds);
            return CommandGuard.Run(_terminal, json, interrupted => Run(
                parsed.GetValue(device)!, parsed.GetValue(model)!, parsed.GetValue(drain) ?? DefaultDrainSeconds, limit, json, connection.Settings(parsed), interrupted));
        });
    }

    private async Task<int> Run(string name, string model, double drain, TimeSpan limit, bool json, ConnectionSettings settings, CancellationToken interrupted)
    {
        await using var connection = await _connect(settings, interrupted);
        DeviceArgument.Check(await connection.GetFactory(interrupted), name);
        await connection.LoadModel(name, model, drain, interrupted);
        if (limit > TimeSpan.Zero)
        {
            await Wait(new FactoryWatch(connection, settings.Timeout), name, model, limit, json, interrupted);
        }
        else if (!json)
        {
            _terminal.WriteData($"{name} is to serve {model}.");
        }

        return ExitCodes.Success;
    }

    private async Task Wait(FactoryWatch watch, string name, string model, TimeSpan limit, bool json, CancellationToken interrupted)
    {
        var began = TimeProvider.System.GetTimestamp();

        // The state at hand, and the one under way, may be from before the command.
        var before = (DeviceArgument.Find((await watch.Look(interrupted)).Factory, name)?.Sequence ?? 0) + 1;
        LoadDocument? told = null;
        using var timer = new PeriodicTimer(Refresh);
        while (true)
        {
            var sight = await watch.Look(interrupted);
            var device = DeviceArgument.Find(sight.Factory, name)
                ?? throw new FactoryException($"{name} left the factory while it was to load {model}", "Look with `top`; a silo that is restarted serves its first model again.");
            if (device.LoadFault is { } fault && device.Sequence > before)
            {
                throw new FactoryException($"{name} serves {device.Model} again: {fault}", "The log of its silo says more.");
            }

            if (sight.Note is null && device.Sequence > before)
            {
                var state = new LoadDocument(name, device.Model, device.Loading, device.Stage, device.Waiting + device.Running);
                if (state != told)
                {
                    told = state;
                    Tell(json, state);
                }

                if (device.Loading is null && !device.IsClosed)
                {
                    return;
                }
            }

            if (TimeProvider.System.GetElapsedTime(began) > limit)
            {
                throw new FactoryException($"{name} does not serve {model} after {limit.TotalSeconds:0.###} s", "It goes on loading; look with `top`.");
            }

            await timer.WaitForNextTickAsync(interrupted);
        }
    }

    private void Tell(bool json, LoadDocument state)
    {
        _terminal.WriteData(json ? WireJson.Line.Text(state)
            : state is { Stage: "serving", Loading: null } ? $"{state.Device} serves {state.Model}."
            : state.Stage == "serving" ? $"{state.Device} is to serve {state.Loading}; it still has {state.Sequences} {(state.Sequences == 1 ? "sequence" : "sequences")}."
            : $"{state.Device} is {state.Stage}.");
    }
}
