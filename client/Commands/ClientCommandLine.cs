using System.CommandLine;
using System.CommandLine.Invocation;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary>The console's command line: parses it and runs the command it names.</summary>
internal static class ClientCommandLine
{
    /// <summary>The root with all commands under it.</summary>
    public static RootCommand Create(Terminal terminal, Connector connect) =>
        new("The console of a Crescent factory: chat with its model, ask one question, have agents solve problems, watch its devices.")
        {
            new ChatCommand(terminal, connect),
            new RunCommand(terminal, connect),
            new AgentCommand(terminal, connect),
            new AgentsCommand(terminal, connect),
            new EvalCommand(terminal, connect),
            new LoadCommand(terminal, connect),
            new SweepCommand(terminal, connect),
            new MockServerCommand(terminal),
            new TopCommand(terminal, connect),
            new ExplainCommand(terminal, connect),
            new TraceCommand(terminal),
            new PowerCommand(terminal, connect),
            new PlannerCommand(terminal, connect),
            new DrainCommand(terminal, connect),
            new LoadModelCommand(terminal, connect),
            new PullCommand(terminal),
            new ModelsCommand(terminal),
            new KeyCommand(terminal),
            new LabCommand(),
        };

    /// <summary>Runs the command that <paramref name="args"/> name; the exit code is one of <see cref="ExitCodes"/>.</summary>
    public static async Task<int> Run(string[] args, Terminal terminal, Connector connect)
    {
        // The lab's own program reads what is said to it.
        if (args is [LabCommand.CommandName, .. var study])
        {
            return await LabCommand.Start(terminal, study);
        }

        // A prompt may well begin with @: no response files.
        var parsing = new ParserConfiguration { ResponseFileTokenReplacer = null };
        var parsed = Create(terminal, connect).Parse(args.Length == 0 ? ["--help"] : args, parsing);
        if (parsed.Action is ParseErrorAction wrong)
        {
            wrong.ShowHelp = false;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = terminal.Output.Profile.Out.Writer,
            Error = terminal.Error.Profile.Out.Writer,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }
}
