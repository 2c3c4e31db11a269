using System.CommandLine;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>agents watch</c>: shows a task from its beginning to its end, as <c>agent</c> does.</summary>
internal sealed class AgentsWatchCommand : Command
{
    public AgentsWatchCommand(Terminal terminal, Connector connect) : base("watch", "Show a task's steps as they run, from its beginning on, then its answer, trace and bill. Ctrl+C leaves it running.")
    {
        var id = AgentsActionCommand.TaskArgument();
        var connection = new ConnectionOptions("the task as it stands at its end as one JSON document, and nothing else", overHttp: true);
        Arguments.Add(id);
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
                    var task = await agents.Show(parsed.GetRequiredValue(id), interrupted);
                    return await new AgentWatching(terminal, agents, settings, json).Watch(task, interrupted);
                }
            });
        });
    }
}
