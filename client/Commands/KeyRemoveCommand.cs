using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>key remove</c>: takes a key out of the file; what is sent with it from then on is refused.</summary>
internal sealed class KeyRemoveCommand : Command
{
    private readonly Terminal _terminal;

    public KeyRemoveCommand(Terminal terminal) : base("remove", "Take a key out of the file. The quota of its tenant goes with the tenant's last key.")
    {
        _terminal = terminal;
        var name = new Argument<string>("NAME") { Description = "Name of the key, as `key list` shows it" };
        var file = KeyCommand.File();
        Arguments.Add(name);
        Options.Add(file);
        SetAction((parsed, _) => KeyCommand.Guarded(_terminal, interrupted => Remove(parsed.GetValue(name)!, parsed.GetValue(file), interrupted)));
    }

    private async Task Remove(string name, FileInfo? path, CancellationToken interrupted)
    {
        var store = KeyCommand.Store(path);
        await store.Change(
            file =>
            {
                var gone = file.Keys.FirstOrDefault(key => key.Name == name)
                    ?? throw new FactoryException($"There is no key '{name}' in {store.Path}", "`key list` shows those that there are.");
                var left = file.Keys.Where(key => key != gone).ToList();
                return file with
                {
                    Keys = left,
                    Tenants = left.Exists(key => key.Tenant == gone.Tenant)
                        ? file.Tenants
                        : file.Tenants.Where(tenant => tenant.Key != gone.Tenant).ToDictionary(),
                };
            },
            interrupted);
        _terminal.WriteData($"Key '{name}' is removed from {store.Path}.");
    }
}
