using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Client.Commands;

/// <summary>Something that is done with one task, of which one then sees how it stands.</summary>
internal sealed class AgentsActionCommand : Command
{
    /// <param name="terminal">Where it is shown.</param>
    /// <param name="connect">Opens the connection.</param>
    /// <param name="name">Name of the command.</param>
    /// <param name="description">For the help.</param>
    /// <param name="act">Does it with the task of that id.</param>
    /// <param name="more">Arguments and options besides the task.</param>
    public AgentsActionCommand(
        Terminal terminal,
        Connector connect,
        string name,
        string description,
        Func<IAgentConnection, string, ParseResult, CancellationToken, Task<AgentView>> act,
        params Symbol[] more) : base(name, description)
    {
        var id = TaskArgument();
        var connection = new ConnectionOptions("the task as one JSON document", overHttp: true);
        Arguments.Add(id);
        foreach (var symbol in more)
        {
            if (symbol is Argument argument)
            {
                Arguments.Add(argument);
            }
            else
            {
                Options.Add((Option)symbol);
            }
        }

        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            var settings = connection.Settings(parsed);
            return CommandGuard.Run(terminal, json, async interrupted =>
            {
                var (way, agents) = await AgentAccess.Open(connect, settings, interrupted);
                await using (way)
                {
                    var task = await act(agents, parsed.GetRequiredValue(id), parsed, interrupted);
                    if (json)
                    {
                        terminal.WriteData(WireJson.Line.Text(task));
                    }
                    else
                    {
                        AgentReport.Write(terminal, task, AgentAccess.Way(settings));
                    }

                    return ExitCodes.Success;
                }
            });
        });
    }

    /// <summary>The argument that names a task.</summary>
    internal static Argument<string> TaskArgument()
    {
        var id = new Argument<string>("ID") { Description = "The task, as `agents` lists it, such as agent-0123…" };
        id.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var text }] && (string.IsNullOrWhiteSpace(text) || text is "." or ".."))
            {
                result.AddError($"'{text}' is no task: it must be an id that `agents` lists.");
            }
        });
        return id;
    }
}
