using Crescent.Grains.Contracts.Factory;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crescent.Client.Rendering;

/// <summary>The factory as a table: a row a device, and a row for each silo that has none.</summary>
internal static class FactoryTable
{
    /// <summary>A state older than this is marked, in seconds: gossip comes each quarter of a second.</summary>
    public const double StaleSeconds = 2;

    private const string None = "-";

    // Narrow enough for a terminal of 80 columns.
    private static readonly Padding Between = new(0, 0, 0, 0);

    /// <param name="factory">What to show.</param>
    /// <param name="note">A remark under the table, or null.</param>
    /// <param name="view">What of it, in which order; null for all devices by name.</param>
    /// <param name="history">The last looks, for a line of bars a device; null for none.</param>
    public static IRenderable Of(FactorySnapshot factory, string? note = null, TopView? view = null, DeviceHistory? history = null)
    {
        view ??= new TopView();
        var shown = DeviceOrder.Of(factory, view);
        var lines = new List<IRenderable> { new Text(Title(factory)) };
        lines.Add(view.Page switch
        {
            TopPage.Models => ModelTable.Of(shown),
            TopPage.Tenants => AccountTable.Of(factory),
            _ => Devices(factory, view, shown, history),
        });
        lines.Add(new Text(Totals(factory)));
        if (factory.Power is { } power)
        {
            lines.Add(new Text(PowerLines.Summary(power)));
            if (power.Levels.Count > 0 && view.Page == TopPage.Devices)
            {
                lines.Add(PowerLines.Levels(power));
            }
        }

        if (view.Filter.Length > 0 || view.IsTyping)
        {
            lines.Add(new Text($"filter: {Terminals.Terminal.Printable(view.Filter)}{(view.IsTyping ? "_" : "")} ({shown.Count} of {Count(factory.Devices.Count, "device")})"));
        }

        if (note is not null)
        {
            lines.Add(new Text(note, new Style(Color.Yellow)));
        }

        return new Rows(lines);
    }

    private static Table Devices(FactorySnapshot factory, TopView view, IReadOnlyList<DeviceSnapshot> shown, DeviceHistory? history)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        foreach (var name in (string[])["Silo", "Role", "Device"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Padding = Between });
        }

        foreach (var name in (string[])["Queue", "Running", "KV use", "Tokens/s", "Watts/cap", "Age"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = Justify.Right, Padding = Between });
        }

        if (history is not null)
        {
            table.AddColumn(new TableColumn("") { NoWrap = true, Padding = Between });
        }

        if (view.Sort != TopSort.Name || view.IsReversed || view.Filter.Length > 0)
        {
            foreach (var device in shown)
            {
                AddRow(table, factory.Silos.FirstOrDefault(silo => silo.Name == device.Silo) ?? Gone(device), device, history);
            }

            return table;
        }

        foreach (var silo in factory.Silos)
        {
            var devices = factory.Devices.Where(d => d.Silo == silo.Name).ToArray();
            foreach (var device in devices)
            {
                AddRow(table, silo, device, history);
            }

            if (devices.Length == 0)
            {
                AddRow(table, silo, null, history);
            }
        }

        // A device whose silo the answering silo no longer lists still says how old its state is.
        foreach (var device in factory.Devices.Where(d => factory.Silos.All(s => s.Name != d.Silo)))
        {
            AddRow(table, Gone(device), device, history);
        }

        return table;
    }

    private static SiloSnapshot Gone(DeviceSnapshot device) => new(device.Silo, "", "gone", "Gone");

    private static void AddRow(Table table, SiloSnapshot silo, DeviceSnapshot? device, DeviceHistory? history)
    {
        var active = silo.Status == "Active";
        var role = active || silo.Role == "gone" ? silo.Role : $"{silo.Role}, {silo.Status}";
        var row = new List<IRenderable> { new Text(silo.Name), new Text(role, active ? Style.Plain : new Style(Color.Red)) };
        if (device is null)
        {
            row.AddRange(Enumerable.Repeat(new Text(None), 7));
        }
        else
        {
            var used = device.TotalBlocks - device.FreeBlocks;
            var stale = device.AgeSeconds > StaleSeconds;
            row.Add(new Text(Name(device), device.Draining ? new Style(Color.Yellow) : Style.Plain));
            row.Add(Figure(device.Waiting.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            row.Add(Figure(device.Running.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            row.Add(Figure(Figures.Share(used, device.TotalBlocks)));
            row.Add(Figure(Figures.Number(device.TokensPerSecond)));
            var watts = Figures.Watts(device.Watts, device.CapWatts) + (device.WattsSource == Figures.Modelled ? "*" : "");
            row.Add(new Text(watts, device.WattsAgeSeconds > StaleSeconds + device.AgeSeconds ? new Style(Color.Red) : Style.Plain));
            row.Add(new Text(Figures.Seconds(device.AgeSeconds), stale ? new Style(Color.Red) : Style.Plain));
        }

        if (history is not null)
        {
            row.Add(new Text(device is null ? "" : $" {history.Spark(device)}"));
        }

        table.AddRow(row);
    }

    private static Text Figure(string text) => new(text);

    private static string Name(DeviceSnapshot device)
    {
        var name = device.Device;
        name = device.Simulated ? $"{name} (simulated)" : name;
        name = device.FailedSteps > 0 && !device.IsQuarantined ? $"{name} (failing)" : device.StalledSeconds > StaleSeconds ? $"{name} (stalled)" : name;
        return device.IsQuarantined ? $"{name} (quarantined)" : device.Loading is { } loading ? $"{name} (loading {loading})" : device.OutOfService ? $"{name} (drained)" : device.Draining ? $"{name} (draining)" : name;
    }

    private static string Title(FactorySnapshot factory) =>
        $"Crescent {factory.ClusterId} · model {factory.Model} · placement {factory.Policy}";

    private static string Totals(FactorySnapshot factory)
    {
        var devices = factory.Devices;
        var text = $"{Count(devices.Count, "device")} · {devices.Sum(d => d.Waiting)} waiting · {devices.Sum(d => d.Running)} running · "
            + $"{Figures.Number(devices.Sum(d => d.TokensPerSecond))} tokens/s · {Figures.Watts(devices.Sum(d => d.Watts), devices.Sum(d => d.CapWatts))}";
        var meters = devices.Select(static d => d.WattsSource).Where(static s => s != Figures.Modelled).Distinct().Order(StringComparer.Ordinal).ToArray();
        var modelled = devices.Any(d => d.WattsSource == Figures.Modelled);
        return meters.Length == 0 ? modelled ? text + " (* modelled)" : text
            : modelled ? $"{text} (* modelled, others {string.Join(", ", meters)})"
            : $"{text} ({string.Join(", ", meters)})";
    }

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
