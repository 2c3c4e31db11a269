using System.CommandLine;
using System.CommandLine.Invocation;
using Crescent.Client.Terminals;

namespace Crescent.Lab.Commands;

/// <summary>The lab's command line: parses it and runs the study that it names.</summary>
internal static class LabCommandLine
{
    /// <summary>Runs the study that <paramref name="args"/> name; the exit code is one of <see cref="Client.Commands.ExitCodes"/>.</summary>
    public static async Task<int> Run(string[] args, Terminal terminal)
    {
        var parsed = new LabCommand(terminal).Parse(args.Length == 0 ? ["--help"] : args, new ParserConfiguration { ResponseFileTokenReplacer = null });
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
