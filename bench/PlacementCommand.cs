using System.CommandLine;
using System.Diagnostics;
using Crescent.Control.Placement;
using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Virtual;

namespace Crescent.Bench;

/// <summary><c>placement</c>: time and allocations of a decision over many devices, without and with the reservation that goes with it.</summary>
internal static class PlacementCommand
{
    private const int Decisions = 50_000;
    private const int Open = 4000;

    public static Command Create()
    {
        var devices = new Option<int>("--devices") { Description = "Devices.", DefaultValueFactory = _ => 1000 };
        var command = new Command("placement", "Time of a placement decision.") { devices };
        command.SetAction(parse =>
        {
            foreach (var name in PlacementPolicies.Names.Except([PlacementPolicies.UniformCap, PlacementPolicies.Polca]))
            {
                Measure(PlacementPolicies.Create(name), parse.GetValue(devices));
            }
        });
        return command;
    }

    private static void Measure(IPlacementPolicy policy, int devices)
    {
        var view = View(devices);
        var book = new PlacementBook(policy, view);
        var random = new Random(1);
        var times = new double[Decisions];
        var charged = new double[Decisions];
        var allocated = 0L;
        for (var tokens = 1; tokens < 500; tokens++)
        {
            view.Lengths.Learn(tokens);
        }

        for (var round = 0; round < 2; round++)
        {
            // The first round warms up.
            allocated = 0;
            for (var i = 0; i < Decisions; i++)
            {
                view.ChangeOverlap()[i % devices] = 16;
                var call = new PlacementCall(i, 200 + random.Next(4000), 1000, 250, ServiceLevel.Standard);
                var bytes = GC.GetAllocatedBytesForCurrentThread();
                var begun = Stopwatch.GetTimestamp();
                policy.Choose(call, view);
                times[i] = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
                allocated += GC.GetAllocatedBytesForCurrentThread() - bytes;

                begun = Stopwatch.GetTimestamp();
                book.Place(call, i);
                charged[i] = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
                book.Accept(i, view.Devices[0].Key, 0);
                book.Release(i - Open);
                view.ChangeOverlap()[i % devices] = 0;
            }

            for (var i = 0; i < Decisions; i++)
            {
                book.Release(i);
            }
        }

        Array.Sort(times);
        Array.Sort(charged);
        Console.WriteLine(
            $"{policy.Name,-12} {devices:N0} devices: decision p50 {times[Decisions / 2]:F1} us, p99 {times[Decisions * 99 / 100]:F1} us, {allocated / (double)Decisions:F1} B; "
            + $"with its reservation p50 {charged[Decisions / 2]:F1} us, p99 {charged[Decisions * 99 / 100]:F1} us");
    }

    private static FactoryView View(int devices)
    {
        var spec = SimulatedDeviceSpec.Parse($"sim:h100-sxm*{devices}:tp8");
        using var device = new SimulatedDevice(spec, 0, SimulatedModels.Find("sim:llama-3-70b-fp8"), new SimulatedText(new SilentTokenizer()));
        var view = new FactoryView();
        var random = new Random(1);
        var cluster = new PowerLevel { BudgetWatts = devices * 4000.0, Price = 1 };
        for (var i = 0; i < devices; i++)
        {
            var running = random.Next(100);
            view.Add(new DeviceState
            {
                Key = $"silo/{i}",
                Profile = device.Info.Profile!,
                Load = new DeviceLoad
                {
                    Running = running,
                    QueuedPromptTokens = random.Next(2000),
                    FreeBlocks = 180_000 - (running * 100),
                    TotalBlocks = 180_000,
                    BlockSize = device.Info.BlockSize,
                    MaxContext = 131_072,
                    MaxStepTokens = 8192,
                    Watts = 3000,
                    CapWatts = 5600,
                },
                HeardAt = 0,
                Reachable = true,
                ClusterLevel = cluster,
                NodeLevel = new PowerLevel { BudgetWatts = 5600, Price = 0.5 },
            });
        }

        return view;
    }
}
