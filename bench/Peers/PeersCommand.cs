using System.CommandLine;
using System.Text.Json;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary>
/// <c>peers</c>: the steps of <c>cpu</c> on this device and on llama.cpp, file by file in one run, and the ratios. Rounds alternate between the
/// two, and the best round of each counts, so that what else the machine does weighs on neither.
/// </summary>
internal static class PeersCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var folder = new Option<DirectoryInfo>("--llama-cpp")
        {
            Description = "Folder of llama.cpp's shared libraries. `npm i --ignore-scripts node-llama-cpp` brings them, in "
                + "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64.",
            Required = true,
        };
        folder.AcceptExistingOnly();
        var models = new Option<FileInfo[]>("--model")
        {
            Description = "GGUF file to run; may be given several times.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        models.AcceptExistingOnly();
        var threads = new Option<int>("--threads") { Description = "Compute threads of both; 0 for one a core." };
        var repeat = new Option<int>("--repeat") { Description = "Runs of each measurement in a round.", DefaultValueFactory = _ => 5 };
        var rounds = new Option<int>("--rounds") { Description = "Rounds.", DefaultValueFactory = _ => 2 };
        var only = new Option<string>("--only") { Description = "Only what begins so, such as \"decode\"; several parted by commas.", DefaultValueFactory = _ => "" };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("peers", "Tokens a second beside llama.cpp's.") { folder, models, threads, repeat, rounds, only, json };
        command.SetAction(parse =>
        {
            var count = parse.GetValue(threads) is > 0 and var given ? given : Environment.ProcessorCount;
            var results = parse.GetRequiredValue(models)
                .Select(model => Compare(
                    parse.GetRequiredValue(folder).FullName, model, count, Math.Max(1, parse.GetValue(repeat)), Math.Max(1, parse.GetValue(rounds)),
                    parse.GetValue(only)!, parse.GetValue(json)))
                .ToList();
            if (parse.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(results, Json));
        });
        return command;
    }

    private static PeerComparison Compare(string folder, FileInfo model, int threads, int repeat, int rounds, string only, bool quiet)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("llama.cpp is measured through its shared libraries for Linux.");
        var (ours, theirs) = (new Dictionary<string, double>(), new Dictionary<string, double>());
        var (device, backend) = ("", "");
        using var file = GgufFile.Open(model.FullName);
        var limit = MemoryLimit.BytesPerSecond(threads) / MemoryLimit.WeightBytes(file);
        for (var round = 0; round < rounds; round++)
        {
            device = MeasureOurs(model, threads, repeat, only, ours);
            backend = MeasureTheirs(folder, model, threads, repeat, only, theirs);
        }

        var rows = theirs.Where(pair => ours.ContainsKey(pair.Key))
            .Select(pair => new PeerMeasurement(pair.Key, ours[pair.Key], pair.Value, Math.Round(ours[pair.Key] / pair.Value, 2))).ToList();
        if (!quiet)
        {
            Console.WriteLine($"{model.Name} on {device}; llama.cpp's {Path.GetFileNameWithoutExtension(backend)}; tokens/s, best of {rounds} rounds");
            Console.WriteLine($"  memory limits one sequence to {limit:F1}");
            foreach (var row in rows)
            {
                var share = row.Name.StartsWith("decode", StringComparison.Ordinal) ? $", {row.TokensPerSecond / limit:P0} of the limit" : "";
                Console.WriteLine($"  {row.Name,-14} {row.TokensPerSecond,10:F1} {row.LlamaCppTokensPerSecond,10:F1} {row.Ratio,7:F2}{share}");
            }
        }

        return new PeerComparison(model.Name, device, Path.GetFileNameWithoutExtension(backend), Math.Round(limit, 1), rows);
    }

    private static string MeasureOurs(FileInfo model, int threads, int repeat, string only, Dictionary<string, double> best)
    {
        using var file = GgufFile.Open(model.FullName);
        using var device = new CpuDevice(Architecture.Read(file), new CpuDeviceOptions { Threads = threads, KvBlocks = 256 });
        Keep(new CpuMeasurements(device, repeat, only).Run(), best);
        return device.Info.Description;
    }

    private static string MeasureTheirs(string folder, FileInfo model, int threads, int repeat, string only, Dictionary<string, double> best)
    {
        using var peer = new LlamaCpp(folder, model.FullName, threads);
        Keep(new LlamaCppMeasurements(peer, repeat, only).Run(), best);
        return peer.Backend;
    }

    private static void Keep(IEnumerable<CpuMeasurement> results, Dictionary<string, double> best)
    {
        foreach (var result in results)
            best[result.Name] = Math.Max(best.GetValueOrDefault(result.Name), result.Median);
    }
}
