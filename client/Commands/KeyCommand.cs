using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Identity;

namespace Crescent.Client.Commands;

/// <summary><c>key</c>: makes, lists and removes the keys of a key file. A front end with <c>--auth keys</c> takes a change within a second or two.</summary>
internal sealed class KeyCommand : Command
{
    public KeyCommand(Terminal terminal) : base(
        "key", "Make, list and remove the keys that front ends with --auth keys take. Works on a file; no cluster is needed.")
    {
        Subcommands.Add(new KeyAddCommand(terminal));
        Subcommands.Add(new KeyListCommand(terminal));
        Subcommands.Add(new KeyRemoveCommand(terminal));
    }

    /// <summary>The option that names the file.</summary>
    internal static Option<FileInfo?> File() => new("--file")
    {
        HelpName = "FILE",
        Description = $"The key file (default: {KeyFile.FileName} in ~/.crescent)",
    };

    /// <summary>The file that <paramref name="file"/> names.</summary>
    internal static KeyStore Store(FileInfo? file) => new(file?.FullName ?? KeyStore.DefaultPath);

    /// <summary>Sees that an argument or option is a name.</summary>
    internal static void CheckName(System.CommandLine.Parsing.SymbolResult result, string what)
    {
        if (result.Tokens is [{ Value: var name }] && !KeyFile.IsName(name))
        {
            result.AddError($"{what} takes {KeyFile.NameTakes}, not '{name}'.");
        }
    }

    /// <summary>Does something to a key file, and says in the console's words what goes wrong.</summary>
    internal static async Task<int> Guarded(Terminal terminal, Func<CancellationToken, Task> work) => await CommandGuard.Run(terminal, json: false, async interrupted =>
    {
        try
        {
            await work(interrupted);
            return ExitCodes.Success;
        }
        catch (KeyFileException fault)
        {
            throw new FactoryException(fault.Message, "Name the file with --file; mend a damaged one by hand, or remove it and make the keys anew.", fault);
        }
    });
}
