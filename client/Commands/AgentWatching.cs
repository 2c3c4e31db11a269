using Crescent.Client.Agents;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Agents;
using Spectre.Console;

namespace Crescent.Client.Commands;

/// <summary>Shows a task until it ends, then what has come of it. Ctrl+C leaves the task running.</summary>
/// <param name="terminal">Where it is shown.</param>
/// <param name="agents">The way to it.</param>
/// <param name="settings">How that was reached.</param>
/// <param name="json">Whether the final view as JSON is all that is written.</param>
internal sealed class AgentWatching(Terminal terminal, IAgentConnection agents, ConnectionSettings settings, bool json)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    private readonly string _way = AgentAccess.Way(settings);

    /// <summary>Watches <paramref name="task"/>, as it stands now.</summary>
    /// <returns>Success for a task that is done; failure for one that failed or was cancelled.</returns>
    public async Task<int> Watch(AgentView task, CancellationToken interrupted)
    {
        try
        {
            var news = new AgentFollower(agents, settings.Timeout).Follow(task.Id, interrupted);
            await (json ? Wait(news) : terminal.OutputIsTerminal ? ShowLive(task, news) : WriteLines(task, news));
            var ended = await agents.Show(task.Id, interrupted);
            if (json)
            {
                terminal.WriteData(WireJson.Line.Text(ended));
            }
            else
            {
                AgentReport.Write(terminal, ended, _way);
            }

            return ended.State == "done" ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            Terminal.WriteNote(terminal.Error, $"{task.Id} goes on. {Later(task.Id)}");
            return ExitCodes.Interrupted;
        }
        catch (FactoryException e) when (e.ConnectionLost)
        {
            throw new FactoryException(e.Message, $"{e.Remedy} The task goes on as soon as its factory does. {Later(task.Id)}", e);
        }
    }

    private string Later(string id) => $"Watch it with: agents watch {id}{_way} · end it with: agents cancel {id}{_way}";

    private static async Task Wait(IAsyncEnumerable<AgentNews> news)
    {
        await foreach (var _ in news)
        {
            // Only its end matters.
        }
    }

    private async Task WriteLines(AgentView task, IAsyncEnumerable<AgentNews> news)
    {
        var progress = new AgentProgress(task.Id);
        Terminal.WriteNote(terminal.Notes, Title(task));
        string? last = null;
        await foreach (var next in news)
        {
            progress.Apply(next);
            if (AgentLine.Of(next, progress, _way) is { } line && line != last)
            {
                Terminal.WriteNote(terminal.Notes, line);
                last = line;
            }
        }
    }

    private async Task ShowLive(AgentView task, IAsyncEnumerable<AgentNews> news)
    {
        var progress = new AgentProgress(task.Id);
        var console = terminal.Output;
        AgentTreeOf(out var tree);
        var live = console.Live(tree).AutoClear(true).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Top);
        await live.StartAsync(async view =>
        {
            view.Refresh();
            var shown = TimeProvider.System.GetTimestamp();
            await foreach (var next in news)
            {
                progress.Apply(next);

                // Tokens come faster than anybody reads.
                if (next.Kind != "tokens" || TimeProvider.System.GetElapsedTime(shown) >= Refresh)
                {
                    shown = TimeProvider.System.GetTimestamp();
                    AgentTreeOf(out tree);
                    view.UpdateTarget(tree);
                }
            }
        });

        void AgentTreeOf(out Spectre.Console.Rendering.IRenderable drawn) => drawn = AgentTree.Live(progress, Title(task), console.Profile.Width, _way);
    }

    private static string Title(AgentView task) => $"{task.Strategy} · {task.Id}";
}
