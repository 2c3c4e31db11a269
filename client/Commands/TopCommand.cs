using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Factory;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crescent.Client.Commands;

/// <summary><c>top</c>: silos and devices, again each second.</summary>
internal sealed class TopCommand : Command
{
    private const int KeysALook = 10;
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeyPeriod = Refresh / KeysALook;

    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public TopCommand(Terminal terminal, Connector connect) : base(
        "top", $"Watch silos and devices, refreshed each second until Ctrl+C; keys: {TopView.Keys}. Output that is no terminal gets the table once.")
    {
        _terminal = terminal;
        _connect = connect;
        var once = new Option<bool>("--once") { Description = "Show the state once and leave (default: off)" };
        var connection = new ConnectionOptions("JSON: one document with --once, else one line a second");
        var page = new Option<TopPage>("--show") { Description = "The table to begin with" };
        var sort = new Option<TopSort>("--sort") { Description = "What devices are ordered by: figures from the largest, headroom from the least, health from the worst" };
        var filter = new Option<string?>("--filter") { Description = "Devices alone whose silo, name, model or state (serving, drained, failing, …) contains this", HelpName = "TEXT" };
        foreach (var option in (Option[])[once, page, sort, filter])
        {
            Options.Add(option);
        }

        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            return CommandGuard.Run(
                _terminal, json, interrupted => Watch(new TopView(parsed.GetValue(page), parsed.GetValue(sort), parsed.GetValue(filter) ?? ""), parsed.GetValue(once), json, connection.Settings(parsed), interrupted));
        });
    }

    private async Task<int> Watch(TopView view, bool once, bool json, ConnectionSettings settings, CancellationToken interrupted)
    {
        await using var connection = await _connect(settings, interrupted);
        if (once || (!json && !_terminal.OutputIsTerminal))
        {
            var factory = await connection.GetFactory(interrupted);
            Show(factory, view, json);
            return ExitCodes.Success;
        }

        var watch = new FactoryWatch(connection, settings.Timeout);
        try
        {
            await (json ? WriteLines(watch, interrupted) : ShowLive(watch, view, interrupted));
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            // Ctrl+C is how one leaves top.
        }

        return ExitCodes.Success;
    }

    private void Show(FactorySnapshot factory, TopView view, bool json)
    {
        if (json)
        {
            _terminal.WriteData(WireJson.Pages.Text(factory));
        }
        else
        {
            _terminal.Output.Write(FactoryTable.Of(factory, view: view));
        }
    }

    private async Task WriteLines(FactoryWatch watch, CancellationToken interrupted)
    {
        using var timer = new PeriodicTimer(Refresh);
        do
        {
            if (await watch.Look(interrupted) is { Note: null } state)
            {
                _terminal.WriteData(WireJson.Line.Text(state.Factory));
            }
        }
        while (await timer.WaitForNextTickAsync(interrupted));
    }

    private async Task ShowLive(FactoryWatch watch, TopView first, CancellationToken interrupted)
    {
        var view = first;
        var history = new DeviceHistory();
        var state = await watch.Look(interrupted);
        history.Add(state.Factory);
        await _terminal.Output.Live(Table()).StartAsync(async live =>
        {
            live.Refresh();
            using var timer = new PeriodicTimer(KeyPeriod);
            for (var look = 1; await timer.WaitForNextTickAsync(interrupted); look++)
            {
                var pressed = false;
                while (_terminal.Key() is { } key)
                {
                    if (view.After(key) is not { } next)
                    {
                        return;
                    }

                    (view, pressed) = (next, true);
                }

                if (look % KeysALook == 0)
                {
                    state = await watch.Look(interrupted);
                    history.Add(state.Factory);
                }
                else if (!pressed)
                {
                    continue;
                }

                live.UpdateTarget(Table());
            }
        });

        IRenderable Table() => FactoryTable.Of(state.Factory, state.Note ?? (_terminal.InputIsTerminal ? TopView.Keys : null), view, history);
    }
}
