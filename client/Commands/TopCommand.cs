using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Factory;
using Spectre.Console;

namespace Crescent.Client.Commands;

/// <summary><c>top</c>: silos and devices, again each second.</summary>
internal sealed class TopCommand : Command
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);

    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public TopCommand(Terminal terminal, Connector connect) : base(
        "top", "Watch silos and devices, refreshed each second until Ctrl+C. Output that is no terminal gets the table once.")
    {
        _terminal = terminal;
        _connect = connect;
        var once = new Option<bool>("--once") { Description = "Show the state once and leave (default: off)" };
        var connection = new ConnectionOptions("JSON: one document with --once, else one line a second");
        Options.Add(once);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            return CommandGuard.Run(
                _terminal, json, interrupted => Watch(parsed.GetValue(once), json, connection.Settings(parsed), interrupted));
        });
    }

    private async Task<int> Watch(bool once, bool json, ConnectionSettings settings, CancellationToken interrupted)
    {
        await using var connection = await _connect(settings, interrupted);
        if (once || (!json && !_terminal.OutputIsTerminal))
        {
            var factory = await connection.GetFactory(interrupted);
            Show(factory, json);
            return ExitCodes.Success;
        }

        var watch = new FactoryWatch(connection, settings.Timeout);
        try
        {
            await (json ? WriteLines(watch, interrupted) : ShowLive(watch, interrupted));
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            // Ctrl+C is how one leaves top.
        }

        return ExitCodes.Success;
    }

    private void Show(FactorySnapshot factory, bool json)
    {
        if (json)
        {
            _terminal.WriteData(WireJson.Pages.Text(factory));
        }
        else
        {
            _terminal.Output.Write(FactoryTable.Of(factory));
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

    private async Task ShowLive(FactoryWatch watch, CancellationToken interrupted)
    {
        var first = await watch.Look(interrupted);
        await _terminal.Output.Live(FactoryTable.Of(first.Factory)).StartAsync(async view =>
        {
            view.Refresh();
            using var timer = new PeriodicTimer(Refresh);
            while (await timer.WaitForNextTickAsync(interrupted))
            {
                var state = await watch.Look(interrupted);
                view.UpdateTarget(FactoryTable.Of(state.Factory, state.Note));
            }
        });
    }
}
