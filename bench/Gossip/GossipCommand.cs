using System.CommandLine;
using System.Text.Json;

namespace Crescent.Bench.Gossip;

/// <summary>
/// <c>gossip</c>: what a silo of a large cluster pays to know all devices: each report that it takes, and what a decision costs among them as calls ask for it, with the
/// look-up of cached prompts, the reservation and the memory of decisions.
/// </summary>
internal static class GossipCommand
{
    /// <summary>Most microseconds of 99 of 100 decisions among a thousand devices.</summary>
    public const double PlacementBudget = 50;

    private const int Rounds = 40;
    private const int WarmRounds = 12;

    public static Command Create()
    {
        var silos = new Option<int>("--silos") { Description = "Silos.", DefaultValueFactory = _ => 128 };
        var devices = new Option<int>("--devices") { Description = "Devices of all of them.", DefaultValueFactory = _ => 1000 };
        var json = new Option<string?>("--json") { Description = "File to write all figures to." };
        var command = new Command("gossip", "Cost of telemetry and of placement in a large cluster.") { silos, devices, json };
        command.SetAction(parse =>
        {
            using var factory = new GossipFactory(parse.GetValue(silos), parse.GetValue(devices));
            var reports = Reports(factory);
            Console.WriteLine(reports);
            var placements = new List<PlacementFigures>
            {
                PlacementLoad.Measure(factory, "512 tokens", 512, isQuiet: true),
                PlacementLoad.Measure(factory, "8,000 tokens", 8000, isQuiet: true),
                PlacementLoad.Measure(factory, "512 tokens", 512, isQuiet: false),
            };
            placements.ForEach(Console.WriteLine);
            if (parse.GetValue(json) is { } path)
            {
                File.WriteAllText(path, JsonSerializer.Serialize(new { reports, placements }));
            }

            return placements[0].PlaceP99 <= PlacementBudget ? 0 : 1;
        });
        return command;
    }

    /// <summary>Every silo reports in turn, as if under load.</summary>
    private static GossipFigures Reports(GossipFactory factory)
    {
        var (bytes, sending, taking, held) = (0L, new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < WarmRounds + Rounds; round++)
        {
            for (var silo = 0; silo < factory.Silos; silo++)
            {
                var cost = factory.Report(silo);
                if (round >= WarmRounds)
                {
                    bytes += cost.Bytes;
                    sending.Add(cost.SendUs);
                    taking.Add(cost.TakeUs);
                    held.Add(cost.HeldUs);
                }
            }
        }

        return new GossipFigures(factory.Silos, factory.Devices, (double)bytes / sending.Count, Times.Of(sending), Times.Of(taking), Times.Of(held));
    }
}
