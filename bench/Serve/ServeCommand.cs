using System.CommandLine;
using System.Text.Json;

namespace Crescent.Bench.Serve;

/// <summary>
/// <c>serve</c>: what the way from HTTP to a token and back costs, on devices that compute nothing. Silos and load generator are processes of their own, so that each
/// has its CPU time told apart.
/// </summary>
internal static class ServeCommand
{
    /// <summary>Bytes that a token may allocate over all silos: what grows with a stream, such as the list of its tokens, and its part of frames and of events of caches.</summary>
    public const double TokenBudget = 160;

    /// <summary>Bytes that a call of 512 tokens may allocate over all silos.</summary>
    public const double CallBudget = 250 * 1024;

    /// <summary>Time in which what was called is compiled.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    public static Command Create()
    {
        var processes = new Option<int[]>("--processes") { Description = "Processes of the cluster: 1 for all in one, 3 for a front end and two device silos.", DefaultValueFactory = _ => [1, 3], AllowMultipleArgumentsPerToken = true };
        var only = new Option<string[]>("--cases") { Description = $"Which loads: {string.Join(", ", ServeCase.All.Select(static c => c.Name))}.", DefaultValueFactory = _ => [], AllowMultipleArgumentsPerToken = true };
        var json = new Option<string?>("--json") { Description = "File to write all figures to." };
        var command = new Command("serve", "CPU, allocations and added time of a call from HTTP to its tokens and back.") { processes, only, json };
        command.SetAction(async parse =>
        {
            var cases = parse.GetRequiredValue(only) is { Length: > 0 } names ? ServeCase.All.Where(c => names.Contains(c.Name)).ToList() : ServeCase.All;
            var figures = new List<ServeFigures>();
            foreach (var count in parse.GetRequiredValue(processes))
            {
                await Measure(count, cases, figures);
            }

            if (parse.GetValue(json) is { } path)
            {
                await File.WriteAllBytesAsync(path, JsonSerializer.SerializeToUtf8Bytes(figures, Readable));
            }

            return figures.TrueForAll(static f => f.Load.Failed == 0) && parse.GetRequiredValue(processes).All(count => IsWithinBudget(count, figures)) ? 0 : 1;
        });
        return command;
    }

    private static async Task Measure(int processes, IReadOnlyList<ServeCase> cases, List<ServeFigures> figures)
    {
        Console.WriteLine(ServeFigures.Head);
        await using var cluster = await ServeCluster.Start(processes);

        // What is called often is compiled, and once more when it was called oftener.
        await cluster.Run(ServeCase.All[1] with { Streams = 256, Calls = 4000 });
        await cluster.Run(ServeCase.All[2] with { Streams = 256, Calls = 1500 });
        foreach (var of in cases)
        {
            await cluster.Run(of with { Calls = Math.Max(of.Streams, of.Calls / 8) });
            await Task.Delay(Pause);
            var (load, costs) = await cluster.Run(of);
            var row = new ServeFigures { Case = of.Name, Processes = processes, Streams = of.Streams, StepMs = of.StepMs, Load = load, Silos = costs };
            figures.Add(row);
            Console.WriteLine(row);
            if (costs.Count > 1)
            {
                Console.WriteLine($"  {string.Join("; ", costs.Select(s => $"{s.Key} {1000 * s.Value.CpuSeconds / Math.Max(1, load.Calls):F3} ms/call, {s.Value.AllocatedBytes / 1024.0 / Math.Max(1, load.Calls):F0} KB/call"))}");
            }
        }
    }

    private static bool IsWithinBudget(int processes, List<ServeFigures> figures)
    {
        var one = figures.Find(f => f.Processes == processes && f.Case == ServeCase.All[0].Name);
        var many = figures.Find(f => f.Processes == processes && f.Case == ServeCase.All[2].Name);
        if (one is null || many is null)
        {
            return true;
        }

        var tokens = ServeCase.All[2].OutputTokens - 1;
        var (bytes, us) = ((many.BytesPerCall - one.BytesPerCall) / tokens, 1000 * (many.CpuMsPerCall - one.CpuMsPerCall) / tokens);
        Console.WriteLine(
            $"{processes} process{(processes == 1 ? "" : "es")}: a call {one.CpuMsPerCall:F3} ms and {one.BytesPerCall / 1024:F0} KB (budget {CallBudget / 1024:F0}), "
            + $"a token more {us:F2} us and {bytes:F0} B (budget {TokenBudget:F0})");
        return bytes <= TokenBudget && one.BytesPerCall <= CallBudget;
    }
}
