using System.CommandLine;
using System.Globalization;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Identity;
using Spectre.Console;

namespace Crescent.Client.Commands;

/// <summary><c>key list</c>: the keys of the file, without the keys themselves, which nobody has but their owners.</summary>
internal sealed class KeyListCommand : Command
{
    private readonly Terminal _terminal;

    public KeyListCommand(Terminal terminal) : base("list", "List the keys of the file and the quotas of their tenants.")
    {
        _terminal = terminal;
        var file = KeyCommand.File();
        Options.Add(file);
        SetAction((parsed, _) => KeyCommand.Guarded(_terminal, _ =>
        {
            Write(KeyCommand.Store(parsed.GetValue(file)).Read());
            return Task.CompletedTask;
        }));
    }

    private void Write(KeyFile file)
    {
        var table = new Table().AddColumns("name", "role", "tenant", "requests/min", "tokens/min", "at once", "joules/h", "cache", "made");
        foreach (var key in file.Keys.OrderBy(static k => k.Tenant, StringComparer.Ordinal).ThenBy(static k => k.Name, StringComparer.Ordinal))
        {
            var terms = file.Tenants.GetValueOrDefault(key.Tenant, TenantTerms.Unlimited);
            table.AddRow(
                key.Name,
                key.Role == KeyRole.Admin ? "admin" : "user",
                key.Tenant,
                Limit(terms.RequestsPerMinute),
                Limit(terms.TokensPerMinute),
                Limit(terms.Concurrent),
                Limit(terms.JoulesPerHour),
                terms.ShareCache ? "shared" : "own",
                key.Created.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
        }

        _terminal.Output.Write(table);
    }

    private static string Limit(IFormattable? limit) => limit?.ToString("#,0.##", CultureInfo.InvariantCulture) ?? "-";
}
