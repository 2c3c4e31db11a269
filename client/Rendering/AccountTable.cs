using System.Globalization;
using Crescent.Grains.Contracts.Factory;
using Spectre.Console;

namespace Crescent.Client.Rendering;

/// <summary>Who has used a factory, as the front end that answers has charged it since it began: a row a tenant, and one an agent task.</summary>
internal static class AccountTable
{
    /// <summary>The table; those that used most stand first.</summary>
    public static Table Of(FactorySnapshot factory)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        table.AddColumn("Of");
        table.AddColumn("Name");
        foreach (var name in (string[])["Requests", "Tokens", "Energy", "J/token"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = Justify.Right });
        }

        Add(table, "tenant", factory.Tenants);
        Add(table, "task", factory.Tasks);
        return table;
    }

    private static void Add(Table table, string kind, IReadOnlyList<AccountSnapshot> accounts)
    {
        foreach (var account in accounts.OrderByDescending(static account => account.Joules))
        {
            string[] cells =
            [
                kind,
                (account.Name.Length > 0 ? account.Name : "(none)") + (account.Simulated ? " (simulated)" : ""),
                account.Requests.ToString("#,0", CultureInfo.InvariantCulture),
                account.OutputTokens.ToString("#,0", CultureInfo.InvariantCulture),
                Figures.Joules(account.Joules),
                account.OutputTokens > 0 ? (account.Joules / account.OutputTokens).ToString("0.000", CultureInfo.InvariantCulture) : "-",
            ];
            table.AddRow(cells.Select(static cell => new Text(Terminals.Terminal.Printable(cell))));
        }
    }
}
