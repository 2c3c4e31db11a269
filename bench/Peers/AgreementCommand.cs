using System.CommandLine;
using System.Numerics.Tensors;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary>
/// <c>agreement</c>: whether the CPU device and llama.cpp say the same. Both read the same prompt and then llama.cpp's greedy tokens; at each step the likeliest
/// token and all logits are compared.
/// </summary>
internal static class AgreementCommand
{
    private const int Prompt = 48;

    public static Command Create()
    {
        var folder = new Option<DirectoryInfo>("--llama-cpp") { Description = "Folder of llama.cpp's shared libraries; see peers.", Required = true };
        folder.AcceptExistingOnly();
        var models = new Option<FileInfo[]>("--model") { Description = "GGUF file; may be given several times.", Required = true, AllowMultipleArgumentsPerToken = true };
        models.AcceptExistingOnly();
        var tokens = new Option<int>("--tokens") { Description = "Greedy tokens behind the prompt.", DefaultValueFactory = _ => 32 };
        var activations = new Option<ActivationPrecision>("--activations") { Description = "What activations are rounded to." };
        var command = new Command("agreement", "The CPU device's logits beside llama.cpp's.") { folder, models, tokens, activations };
        command.SetAction(parse =>
        {
            foreach (var model in parse.GetRequiredValue(models))
                Compare(parse.GetRequiredValue(folder).FullName, model, Math.Max(1, parse.GetValue(tokens)), parse.GetValue(activations));
        });
        return command;
    }

    private static void Compare(string folder, FileInfo model, int count, ActivationPrecision activations)
    {
        using var file = GgufFile.Open(model.FullName);
        using var device = new CpuDevice(Architecture.Read(file), new CpuDeviceOptions { KvBlocks = 256, Activations = activations });
        using var peer = new LlamaCpp(folder, model.FullName, Environment.ProcessorCount);
        peer.Open(device.Info.MaxContext, 1); // rotation may depend on it
        var ours = new CpuMeasurements(device, 1);
        var tokens = Enumerable.Range(0, Prompt).Select(i => (int)(((i * 7919L) + 13) % device.Info.VocabularySize)).ToList();
        var (same, firstOther, gap, least) = (0, -1, 0f, 1f);
        var apart = new List<double>();
        for (var step = 0; step <= count; step++)
        {
            var known = step == 0 ? 0 : tokens.Count - 1;
            peer.Clear();
            for (var p = known; p < tokens.Count; p++)
                peer.Add(tokens[p], p, 0, logits: p == tokens.Count - 1);
            peer.Decode();
            var theirs = peer.LastLogits();
            var mine = ours.Logits(known, [.. tokens[known..]]);
            var (next, likeliest) = (TensorPrimitives.IndexOfMax(theirs), TensorPrimitives.IndexOfMax(mine));
            same += next == likeliest ? 1 : 0;
            if (next != likeliest && (firstOther < 0 || mine[likeliest] - mine[next] > gap))
                gap = mine[likeliest] - mine[next];
            firstOther = next != likeliest && firstOther < 0 ? step : firstOther;
            apart.Add(TensorPrimitives.Distance(mine, theirs) / TensorPrimitives.Norm(theirs));
            least = Math.Min(least, TensorPrimitives.CosineSimilarity(mine, theirs));
            tokens.Add(next);
        }

        apart.Sort();
        Console.WriteLine(
            $"{model.Name}: {same} of {count + 1} likeliest tokens the same"
            + (firstOther < 0 ? "" : $" (the first other at step {firstOther}; llama.cpp's at most {gap:F3} below ours)")
            + $"; logits apart by {apart[apart.Count / 2]:P1} of their norm in the median and {apart[^1]:P1} at most, cosine at least {least:F4}");
    }
}
