using System.Globalization;
using Crescent.Grains.Contracts.Factory;
using Spectre.Console;

namespace Crescent.Client.Rendering;

/// <summary>A factory by what it serves: a row a model.</summary>
internal static class ModelTable
{
    /// <summary>The table.</summary>
    public static Table Of(IEnumerable<DeviceSnapshot> devices)
    {
        var table = new Table { Border = TableBorder.Simple, UseSafeBorder = true };
        table.AddColumn("Model");
        foreach (var name in (string[])["Devices", "Not well", "Queue", "Running", "KV use", "Tokens/s", "Watts/cap", "Tokens/J"])
        {
            table.AddColumn(new TableColumn(name) { NoWrap = true, Alignment = Justify.Right });
        }

        foreach (var model in devices.GroupBy(static device => device.Model).OrderBy(static model => model.Key, StringComparer.Ordinal))
        {
            var (watts, tokens) = (model.Sum(static device => device.Watts), model.Sum(static device => device.TokensPerSecond));
            string[] cells =
            [
                model.Key + (model.Any(static device => device.Simulated) ? " (simulated)" : ""),
                Count(model.Count()),
                Count(model.Count(static device => DeviceOrder.Health(device) != "serving")),
                Count(model.Sum(static device => device.Waiting)),
                Count(model.Sum(static device => device.Running)),
                Figures.Share(model.Sum(static device => (long)device.TotalBlocks - device.FreeBlocks), model.Sum(static device => (long)device.TotalBlocks)),
                Figures.Number(tokens),
                Figures.Watts(watts, model.Sum(static device => device.CapWatts)),
                watts > 0 ? (tokens / watts).ToString("0.00", CultureInfo.InvariantCulture) : "-",
            ];
            table.AddRow(cells.Select(static cell => new Text(cell)));
        }

        return table;
    }

    private static string Count(int count) => count.ToString(CultureInfo.InvariantCulture);
}
