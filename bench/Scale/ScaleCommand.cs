using System.CommandLine;
using System.Globalization;

namespace Crescent.Bench.Scale;

/// <summary>
/// <c>scale</c>: whole silos with simulated devices in one process, with the real membership, gossip and placement, over sockets of the loopback address: what the control plane takes as
/// the cluster grows.
/// </summary>
internal static class ScaleCommand
{
    public static Command Create()
    {
        var silos = new Option<int[]>("--silos") { Description = "Sizes of the cluster.", DefaultValueFactory = _ => [8, 32, 64], AllowMultipleArgumentsPerToken = true };
        var fronts = Fronts();
        var devices = Devices();
        var seconds = new Option<double>("--seconds") { Description = "Time that each figure is taken over.", DefaultValueFactory = _ => 15 };
        var command = new Command("scale", "The control plane of clusters of several sizes, in this process.") { silos, fronts, devices, seconds };
        command.SetAction(async (parse, stop) =>
        {
            Console.WriteLine($"{Environment.ProcessorCount} cores for all silos; {parse.GetValue(fronts)} of them front ends");
            Console.WriteLine("silos  devices  up s  cores  cores/silo  reports/s  KB/s and silo  age p50 ms  age p99 ms  calls/s  death seen s");
            foreach (var size in parse.GetValue(silos)!)
            {
                var folder = Directory.CreateTempSubdirectory("crescent-scale-").FullName;
                await using (var cluster = new ScaleCluster(size, parse.GetValue(fronts), parse.GetValue(devices), Path.Combine(folder, "members.json")))
                {
                    var figures = await ScaleMeasurement.Take(cluster, TimeSpan.FromSeconds(parse.GetValue(seconds)), stop);
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{size,5}  {figures.Devices,7}  {figures.UpSeconds,4:0}  {figures.Cores,5:0.00}  {figures.Cores / size,10:0.000}  {figures.ReportsPerSecond,9:0}  {figures.BytesPerSecond / size / 1000,13:0.0}  {figures.AgeP50 * 1000,10:0}  {figures.AgeP99 * 1000,10:0}  {figures.CallsPerSecond,7:0}  {figures.DeathSeconds,12:0.0}"));
                }

                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    /// <summary><c>scale-silo</c>: the silo of a measurement that is a process of its own.</summary>
    public static Command CreateSilo()
    {
        var number = new Option<int>("--number") { Required = true };
        var file = new Option<string>("--file") { Required = true };
        var (fronts, devices) = (Fronts(), Devices());
        var command = new Command("scale-silo") { number, fronts, devices, file };
        command.Hidden = true;
        command.SetAction(async (parse, stop) =>
        {
            await using var cluster = new ScaleCluster(0, parse.GetValue(fronts), parse.GetValue(devices), parse.GetValue(file)!);
            await cluster.Run(parse.GetValue(number), stop);
        });
        return command;
    }

    private static Option<int> Fronts() => new("--fronts") { Description = "Front ends among the silos; 0 makes each silo both.", DefaultValueFactory = _ => 2 };

    private static Option<int> Devices() => new("--devices") { Description = "Devices of a silo that has some.", DefaultValueFactory = _ => 8 };
}
