using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>drain</c>: takes a device out of service and waits until it is empty; <c>--undo</c> puts it back.</summary>
internal sealed class DrainCommand : Command
{
    private const double DefaultWaitSeconds = 600;
    private const double LongestWaitSeconds = 86_400;

    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(500);

    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public DrainCommand(Terminal terminal, Connector connect) : base(
        "drain",
        "Take a device out of service: it takes no new calls, and its streams go on elsewhere, where another device may take them, or end there. Waits until it is empty.")
    {
        _terminal = terminal;
        _connect = connect;
        var device = DeviceArgument.Create();
        var undo = new Option<bool>("--undo") { Description = "Put the device back into service (default: off)" };
        var noWait = new Option<bool>("--no-wait") { Description = "Leave at once, without waiting until the device is empty (default: off)" };
        var wait = NumberOption.Create<double>(
            "--wait", $"Longest wait until the device is empty, in seconds (default: {DefaultWaitSeconds})", "SECONDS", "a number of seconds above 0 and at most a day", v => v is > 0 and <= LongestWaitSeconds);
        Validators.Add(result =>
        {
            if (result.GetResult(wait) is not null && (result.GetValue(undo) || result.GetValue(noWait)))
            {
                result.AddError("--wait excludes --undo and --no-wait: neither waits.");
            }
        });
        var connection = new ConnectionOptions("a line of JSON each time that the count of sequences changes");
        Arguments.Add(device);
        Options.Add(undo);
        Options.Add(noWait);
        Options.Add(wait);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            var limit = parsed.GetValue(noWait) ? TimeSpan.Zero : TimeSpan.FromSeconds(parsed.GetValue(wait) ?? DefaultWaitSeconds);
            return CommandGuard.Run(
                _terminal, json, interrupted => Run(parsed.GetValue(device)!, parsed.GetValue(undo), limit, json, connection.Settings(parsed), interrupted));
        });
    }

    private async Task<int> Run(string name, bool undo, TimeSpan limit, bool json, ConnectionSettings settings, CancellationToken interrupted)
    {
        await using var connection = await _connect(settings, interrupted);
        DeviceArgument.Check(await connection.GetFactory(interrupted), name);
        await connection.Drain(name, !undo, interrupted);
        if (undo)
        {
            Tell(json, new DrainDocument(name, false, null), $"{name} is back in service.");
            return ExitCodes.Success;
        }

        Tell(json, new DrainDocument(name, true, null), $"{name} is drained: it takes no new calls.");
        if (limit > TimeSpan.Zero)
        {
            await Wait(new FactoryWatch(connection, settings.Timeout), name, limit, json, interrupted);
        }

        return ExitCodes.Success;
    }

    private async Task Wait(FactoryWatch watch, string name, TimeSpan limit, bool json, CancellationToken interrupted)
    {
        var began = TimeProvider.System.GetTimestamp();
        int? told = null;
        using var timer = new PeriodicTimer(Refresh);
        while (true)
        {
            var sight = await watch.Look(interrupted);
            var device = DeviceArgument.Find(sight.Factory, name)
                ?? throw new FactoryException($"{name} left the factory while it was drained", "Its streams went on elsewhere if they could; look with `top`.");

            // A state from before the drain says nothing of it.
            if (sight.Note is null && device.OutOfService && device.Waiting + device.Running is var left && left != told)
            {
                told = left;
                Tell(json, new DrainDocument(name, true, left), left switch
                {
                    0 => $"{name} is empty.",
                    1 => "1 sequence is left.",
                    _ => $"{left} sequences are left.",
                });
            }

            if (told == 0)
            {
                return;
            }

            if (TimeProvider.System.GetElapsedTime(began) > limit)
            {
                throw new FactoryException(
                    told is { } still
                        ? $"{name} still has {still} {(still == 1 ? "sequence" : "sequences")} after {limit.TotalSeconds:0.###} s"
                        : $"{name} has not said that it is drained after {limit.TotalSeconds:0.###} s",
                    "It stays drained, and what no other device may take ends there: wait on with the same command, or put it back with --undo.");
            }

            await timer.WaitForNextTickAsync(interrupted);
        }
    }

    private void Tell(bool json, DrainDocument document, string words)
    {
        if (json)
        {
            _terminal.WriteData(WireJson.Line.Text(document));
        }
        else
        {
            _terminal.WriteData(words);
        }
    }
}
