using System.CommandLine;
using System.Text.Json;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench;

/// <summary>
/// <c>cpu</c>: tokens a second of the CPU device alone, without scheduler or sampler: prefill of 512 tokens, decode at 128 and 1,024
/// positions, batches of 4, 8 and 16 sequences at 128 positions.
/// </summary>
internal static class CpuCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "GGUF file to run.", Required = true };
        model.AcceptExistingOnly();
        var threads = new Option<int>("--threads") { Description = "Compute threads; 0 for one a core." };
        var instructions = new Option<InstructionSet>("--instructions") { Description = "Instruction set to use." };
        var activations = new Option<ActivationPrecision>("--activations") { Description = "What activations are rounded to." };
        var kv = new Option<KvType>("--kv") { Description = "How keys and values are kept." };
        var repeat = new Option<int>("--repeat") { Description = "Runs of each measurement, after warming up.", DefaultValueFactory = _ => 7 };
        var only = new Option<string>("--only") { Description = "Only what begins so, such as \"decode\"; several parted by commas.", DefaultValueFactory = _ => "" };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("cpu", "Tokens a second of the CPU device.") { model, threads, instructions, activations, kv, repeat, only, json };
        command.SetAction(parse =>
        {
            var options = new CpuDeviceOptions
            {
                Threads = parse.GetValue(threads),
                InstructionSet = parse.GetValue(instructions),
                Activations = parse.GetValue(activations),
                KvType = parse.GetValue(kv),
                KvBlocks = 256,
            };
            Run(parse.GetRequiredValue(model), options, Math.Max(1, parse.GetValue(repeat)), parse.GetValue(only)!, parse.GetValue(json));
        });
        return command;
    }

    private static void Run(FileInfo model, CpuDeviceOptions options, int repeat, string only, bool json)
    {
        using var file = GgufFile.Open(model.FullName);
        var load = TimeProvider.System.GetTimestamp();
        using var device = new CpuDevice(Architecture.Read(file), options);
        var seconds = TimeProvider.System.GetElapsedTime(load).TotalSeconds;
        if (!json)
            Console.WriteLine($"{model.Name} on {device.Info.Description}; ready in {seconds:F2} s; tokens/s, median and best of {repeat}");

        var results = new List<CpuMeasurement>();
        foreach (var result in new CpuMeasurements(device, repeat, only).Run())
        {
            results.Add(result);
            if (!json)
                Console.WriteLine($"  {result.Name,-14} {result.Median,10:F1} {result.Best,10:F1}");
        }

        if (json)
            Console.WriteLine(JsonSerializer.Serialize(new { model = model.Name, device = device.Info.Description, tokensPerSecond = results }, Json));
    }
}
