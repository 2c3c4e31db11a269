using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>agents</c>: lists tasks; shows, watches and cancels one, and approves or rejects its calls.</summary>
internal sealed class AgentsCommand : Command
{
    private const int DefaultLimit = 100;
    private const int MostListed = 100_000;
    private const int MaxReason = 1000;

    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public AgentsCommand(Terminal terminal, Connector connect) : base("agents", "List agent tasks, the newest first; show, watch or cancel one, approve or reject its calls of tools.")
    {
        _terminal = terminal;
        _connect = connect;
        var limit = NumberOption.Create<int>(
            "--limit", $"Tasks at the most (default: {DefaultLimit})", "N", "a whole number from 1 to 100000", static v => v is >= 1 and <= MostListed);
        var connection = new ConnectionOptions("the tasks as one JSON document", overHttp: true);
        Options.Add(limit);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            return CommandGuard.Run(_terminal, json, interrupted => List(parsed.GetValue(limit) ?? DefaultLimit, json, connection.Settings(parsed), interrupted));
        });

        var hash = new Argument<string>("HASH") { Description = "Of the call, as it is shown: it stands for exactly what then runs" };
        var why = new Option<string?>("--reason") { HelpName = "TEXT", Description = "Why not, told to the model (default: nothing)" };
        why.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value.Length: 0 or > MaxReason }])
            {
                result.AddError($"--reason takes 1 to {MaxReason} characters.");
            }
        });
        Subcommands.Add(new AgentsWatchCommand(terminal, connect));
        Subcommands.Add(new AgentsActionCommand(terminal, connect, "show", "Show a task: its answer, trace and bill, and what waits for a person.", static (agents, id, _, stop) => agents.Show(id, stop)));
        Subcommands.Add(new AgentsActionCommand(terminal, connect, "cancel", "End a task; what it has so far stays.", static (agents, id, _, stop) => agents.Cancel(id, stop)));
        Subcommands.Add(new AgentsActionCommand(
            terminal, connect, "approve", "Let a call run that waits for a person.", (agents, id, parsed, stop) => agents.Decide(id, parsed.GetRequiredValue(hash), approved: true, null, stop), hash));
        Subcommands.Add(new AgentsActionCommand(
            terminal,
            connect,
            "reject",
            "Have a task go on without a call that waits for a person.",
            (agents, id, parsed, stop) => agents.Decide(id, parsed.GetRequiredValue(hash), approved: false, parsed.GetValue(why), stop),
            hash,
            why));
    }

    private async Task<int> List(int limit, bool json, ConnectionSettings settings, CancellationToken interrupted)
    {
        var (connection, agents) = await AgentAccess.Open(_connect, settings, interrupted);
        await using (connection)
        {
            var tasks = await agents.List(limit, interrupted);
            if (json)
            {
                _terminal.WriteData(WireJson.Line.Text(new AgentListDocument("list", tasks)));
            }
            else if (tasks.Count > 0)
            {
                _terminal.Output.Write(AgentListTable.Of(tasks));
            }
            else
            {
                Terminal.WriteNote(_terminal.Notes, "There are no tasks. Begin one with: agent PROBLEM");
            }

            return ExitCodes.Success;
        }
    }
}
