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
        var silos = new Option<int[]>("--silos") { Description = "Sizes of the cluster.", DefaultValueFactory = _ => [8, 32], AllowMultipleArgumentsPerToken = true };
        var devices = new Option<int>("--devices") { Description = "Devices of a silo.", DefaultValueFactory = _ => 8 };
        var seconds = new Option<double>("--seconds") { Description = "Time that each figure is taken over.", DefaultValueFactory = _ => 15 };
        var command = new Command("scale", "The control plane of clusters of several sizes, in this process.") { silos, devices, seconds };
        command.SetAction(async (parse, stop) =>
        {
            Console.WriteLine($"{Environment.ProcessorCount} cores for all silos; reports each 250 ms");
            Console.WriteLine("silos  devices  up s  cores  cores/silo  reports/s  KB/s and silo  age p50 ms  age p99 ms  calls/s");
            foreach (var size in parse.GetValue(silos)!)
            {
                await using var cluster = new ScaleCluster(size, parse.GetValue(devices));
                var figures = await ScaleMeasurement.Take(cluster, TimeSpan.FromSeconds(parse.GetValue(seconds)), stop);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{size,5}  {figures.Devices,7}  {figures.UpSeconds,4:0}  {figures.Cores,5:0.00}  {figures.Cores / size,10:0.000}  {figures.ReportsPerSecond,9:0}  {figures.BytesPerSecond / size / 1000,13:0.0}  {figures.AgeP50 * 1000,10:0}  {figures.AgeP99 * 1000,10:0}  {figures.CallsPerSecond,7:0}"));
            }
        });
        return command;
    }
}
