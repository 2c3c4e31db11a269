using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>agent PROBLEM</c>: submits a task, shows its steps as they run, then its answer, its trace and its bill.</summary>
internal sealed class AgentCommand : Command
{
    private const string FromInput = "-";

    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public AgentCommand(Terminal terminal, Connector connect) : base(
        "agent",
        "Have a problem solved by an agent: its steps as they run, then the answer, the trace and the bill. Ctrl+C leaves the task running. Goes over HTTP: to --url, else to the cluster on this machine.")
    {
        _terminal = terminal;
        _connect = connect;
        var problem = new Argument<string>("PROBLEM") { Description = "What to solve; - reads it from standard input" };
        var task = new AgentTaskOptions();
        var connection = new ConnectionOptions("the task as it stands at its end as one JSON document, and nothing else", overHttp: true);
        Arguments.Add(problem);
        task.AddTo(this);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            return CommandGuard.Run(
                _terminal, json, interrupted => Solve(parsed.GetRequiredValue(problem), text => task.Submission(parsed, text), connection.Settings(parsed), json, interrupted));
        });
    }

    private async Task<int> Solve(
        string problem, Func<string, AgentSubmission> submission, ConnectionSettings settings, bool json, CancellationToken interrupted)
    {
        if (problem == FromInput)
        {
            problem = (await _terminal.ReadToEnd(interrupted)).TrimEnd('\r', '\n');
        }

        if (string.IsNullOrWhiteSpace(problem))
        {
            throw new FactoryException("The problem is empty", "Give it as PROBLEM, or pipe it in with -.");
        }

        var (connection, agents) = await AgentAccess.Open(_connect, settings, interrupted);
        await using (connection)
        {
            var task = await agents.Submit(submission(problem), interrupted);
            return await new AgentWatching(_terminal, agents, settings, json).Watch(task, interrupted);
        }
    }
}
