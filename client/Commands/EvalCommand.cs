using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Evaluation;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;
using Spectre.Console;

namespace Crescent.Client.Commands;

/// <summary><c>eval</c>: has agents solve problems whose answers are known, and says what each strategy solves and takes.</summary>
internal sealed class EvalCommand : Command
{
    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public EvalCommand(Terminal terminal, Connector connect) : base(
        "eval",
        "Measure strategies on problems whose answers are known: accuracy, tokens, seconds and joules, of a problem and of a solved one. What has ended is kept at Ctrl+C. Goes over HTTP: to --url, else to the cluster on this machine.")
    {
        _terminal = terminal;
        _connect = connect;
        var options = new EvalOptions();
        var connection = new ConnectionOptions("what each setting came to as one JSON document", overHttp: true);
        options.AddTo(this);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            return CommandGuard.Run(
                _terminal, json, interrupted => Evaluate(options.Plan(parsed), options.Folder(parsed), connection.Settings(parsed), json, interrupted));
        });
    }

    private async Task<int> Evaluate(EvalPlan plan, string? path, ConnectionSettings settings, bool json, CancellationToken interrupted)
    {
        var (connection, agents) = await AgentAccess.Open(_connect, settings, interrupted);
        await using (connection)
        {
            var source = await Source(connection, interrupted);
            using var folder = path is null ? null : new EvalFolder(path);
            var run = new EvalRun(agents, plan, settings.Timeout);
            var complete = false;
            try
            {
                await Run(run, plan, folder, interrupted);
                complete = true;
            }
            finally
            {
                Tell(new EvalDocument(plan.Command, plan.Seed, complete, source, run.Summaries), folder, path, json);
            }

            return ExitCodes.Success;
        }
    }

    private async Task Run(EvalRun run, EvalPlan plan, EvalFolder? folder, CancellationToken interrupted)
    {
        var progress = _terminal.Error.Progress().AutoClear(true).Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn());
        await progress.StartAsync(async view =>
        {
            foreach (var (place, setting) in plan.Ways.Index())
            {
                var began = TimeProvider.System.GetTimestamp();
                var (ended, solved) = (0, 0);
                var bar = view.AddTask(Markup.Escape(setting.ToString()), maxValue: plan.Problems.Count);
                await run.Run(
                    setting,
                    outcome =>
                    {
                        folder?.Add(outcome);
                        ended++;
                        solved += outcome.Solved ? 1 : 0;
                        var left = TimeProvider.System.GetElapsedTime(began).TotalSeconds / ended * (plan.Problems.Count - ended);
                        bar.Description = Markup.Escape(
                            $"{place + 1} of {plan.Ways.Count}: {setting}: {solved} of {ended} solved, {Figures.Seconds(left)} left");
                        bar.Value = ended;
                    },
                    interrupted);
            }
        });
    }

    private void Tell(EvalDocument document, EvalFolder? folder, string? path, bool json)
    {
        if (document.Settings.Count == 0)
        {
            return;
        }

        if (json)
        {
            _terminal.WriteData(WireJson.Line.Text(document));
        }
        else
        {
            _terminal.Output.Write(EvalTable.Of(document.Settings));
            Terminal.WriteNote(_terminal.Notes, document.JoulesSource is { } source ? $"joules: {source}" : "joules: as the factory tells them");
        }

        foreach (var failed in document.Settings.Where(static s => s.Failed > 0))
        {
            Terminal.WriteNote(_terminal.Error, $"{failed.Setting}: {failed.Failed} tasks failed or were cancelled; `agents` lists why.");
        }

        if (!document.Complete)
        {
            Terminal.WriteNote(_terminal.Error, "Not all problems were tried: these are the figures of those that were.");
        }

        if (folder is not null)
        {
            folder.Finish(document);
            Terminal.WriteNote(_terminal.Error, $"written to {path}");
        }
    }

    /// <summary>Where the factory's joules come from; null when it does not tell.</summary>
    private static async Task<string?> Source(IFactoryConnection connection, CancellationToken interrupted)
    {
        try
        {
            var devices = (await connection.GetFactory(interrupted)).Devices;
            var sources = devices.Select(static device => device.Simulated ? "simulated" : device.WattsSource == Figures.Modelled ? "modelled" : device.WattsSource).Distinct();
            return string.Join(", ", sources.Order(StringComparer.Ordinal)) is { Length: > 0 } text ? text : null;
        }
        catch (FactoryException e) when (!e.ConnectionLost)
        {
            // A key that may not see the factory may still have tasks run.
            return null;
        }
    }
}
