using System.CommandLine;
using Crescent.Client.Programs;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>lab</c>: starts the lab, a program of its own, with all that follows on the command line.</summary>
internal sealed class LabCommand : Command
{
    public const string CommandName = "lab";

    public LabCommand() : base(CommandName, "Study simulated devices in virtual time; no cluster is needed. A program of its own: see lab --help.")
    {
    }

    /// <summary>Runs the lab to its end on this terminal; the exit code is the lab's.</summary>
    /// <param name="terminal">Hears of a lab that is not there, and of Ctrl+C.</param>
    /// <param name="args">What follows <c>lab</c>.</param>
    public static Task<int> Start(Terminal terminal, string[] args) => CommandGuard.Run(
        terminal, json: false, interrupted => ChildProgram.Run(LabProgram.Find(AppContext.BaseDirectory, Environment.GetEnvironmentVariable("PATH")), args, interrupted));
}
