using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Hub;

namespace Crescent.Client.Commands;

/// <summary><c>models</c>: lists and removes models that were brought from a hub.</summary>
internal sealed class ModelsCommand : Command
{
    public ModelsCommand(Terminal terminal) : base("models", "List and remove the models that were brought from the Hugging Face Hub (`pull`). Works on a folder; no cluster is needed.")
    {
        Subcommands.Add(new ModelsListCommand(terminal));
        Subcommands.Add(new ModelsRemoveCommand(terminal));
    }

    /// <summary>Does something with a hub or the folder of its models, and says in the console's words what goes wrong.</summary>
    internal static Task<int> Guarded(Terminal terminal, Func<CancellationToken, Task> work) => CommandGuard.Run(terminal, json: false, async interrupted =>
    {
        try
        {
            await work(interrupted);
            return ExitCodes.Success;
        }
        catch (HubException fault)
        {
            throw new FactoryException(fault.Message, fault.Remedy, fault);
        }
    });
}
