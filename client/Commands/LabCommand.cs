using System.CommandLine;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>lab</c>: studies on simulated devices in virtual time; no cluster is needed.</summary>
internal sealed class LabCommand : Command
{
    public LabCommand(Terminal terminal) : base("lab", "Study simulated devices in virtual time; no cluster is needed.")
    {
        Subcommands.Add(new CalibrateCommand(terminal));
        Subcommands.Add(new FrontierCommand(terminal));
    }
}
