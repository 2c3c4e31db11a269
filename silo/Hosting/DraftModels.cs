using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Scheduling;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>The draft model of a device, which guesses what its model goes on with.</summary>
internal static class DraftModels
{
    /// <summary>Share of the memory that the keys and values of all drafts of a silo take at the most.</summary>
    private const int MemoryShare = 8;

    /// <summary>Why <paramref name="draft"/> cannot guess for <paramref name="model"/>; null where it can.</summary>
    public static string? Fault(LanguageModel draft, LanguageModel model)
    {
        if (HasStates(draft))
        {
            return $"{Settings.Draft} names {draft.Path}, whose layers keep states of sequences that cannot go back behind a wrong guess; give a model without ({draft.Graph.Config.Architecture} has them).";
        }

        return Vocabularies.Difference(draft.Tokenizer, model.Tokenizer) is { } difference
            ? $"{Settings.Draft} names {draft.Path}, whose vocabulary is not that of {model.Path}: {difference}. A draft has the tokens of the model that it guesses for: give a smaller one of the same family."
            : null;
    }

    /// <summary>Why there is no room for <paramref name="draft"/> on all devices of a silo together; null where there is.</summary>
    /// <param name="draft">The model.</param>
    /// <param name="models">That of each device; the same stands there once for each.</param>
    /// <param name="options">As the devices have them.</param>
    public static string? MemoryFault(LanguageModel draft, IReadOnlyCollection<LanguageModel> models, CpuDeviceOptions options) =>
        MemoryFault(draft.Path, CpuDevice.WeightBytesOf(draft.Graph), CpuDevice.BlockBytesOf(draft.Graph, options), models, options);

    /// <summary>As the other, by bytes of the draft's weights and of one of its blocks.</summary>
    internal static string? MemoryFault(string draft, long weights, long blockBytes, IReadOnlyCollection<LanguageModel> models, CpuDeviceOptions options) =>
        MemoryFault(draft, weights, blockBytes, Available, [.. models.Select(model => new DeviceMemory(
            CpuDevice.WeightBytesOf(model.Graph), CpuDevice.BlocksOf(model.Graph, options), CpuDevice.BlockBytesOf(model.Graph, options)))]);

    /// <summary>As the other, by sizes in bytes.</summary>
    internal static string? MemoryFault(string draft, long weights, long blockBytes, long available, IReadOnlyCollection<DeviceMemory> devices)
    {
        Int128 taken = 0;
        foreach (var device in devices)
        {
            taken += device.Weights + ((Int128)device.Blocks * device.BlockBytes) + weights + ((Int128)Blocks(device.Blocks, blockBytes, available, devices.Count) * blockBytes);
        }

        return taken <= available
            ? null
            : $"{Settings.Draft} names {draft}: with it on {devices.Count} {(devices.Count == 1 ? "device" : "devices")} weights, keys and values take {(long)(taken >> 20)} MiB, "
            + $"this process can have {available >> 20} MiB. Give fewer blocks with {Settings.KvBlocks}, fewer devices, or leave it out.";
    }

    /// <summary>Opens the draft beside <paramref name="device"/>, whose threads it shares.</summary>
    /// <param name="draft">The model.</param>
    /// <param name="device">The device.</param>
    /// <param name="options">As the device has them; the draft has as many positions, unless they take more than its part of an eighth of the memory.</param>
    /// <param name="devices">Devices of the silo, each of which has a draft of its own.</param>
    /// <param name="tokens">Most tokens to guess.</param>
    public static DraftModel Open(LanguageModel draft, CpuDevice device, CpuDeviceOptions options, int devices, int tokens)
    {
        var limited = options with { Name = $"{options.Name} draft", KvBlocks = BlocksBeside(device, draft.Graph, options, devices) };
        return new DraftModel(new CpuDevice(draft.Graph, limited, device), draft.Name, tokens);
    }

    /// <summary>Blocks of what guesses beside <paramref name="device"/>, on each of <paramref name="devices"/> devices.</summary>
    internal static int BlocksBeside(CpuDevice device, DecoderGraph graph, CpuDeviceOptions options, int devices) =>
        Blocks(device.Info.BlockCount / device.Info.KvGroups.Count, CpuDevice.BlockBytesOf(graph, options), Available, devices);

    /// <summary>What a device has in memory without a draft: bytes of weights, and blocks of positions with bytes of each.</summary>
    internal readonly record struct DeviceMemory(long Weights, int Blocks, long BlockBytes);

    private static bool HasStates(LanguageModel model) => model.Graph.Operators.OfType<StateOperator>().Any();

    private static long Available => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Blocks of a draft beside a device of <paramref name="blocks"/>: as many, unless <paramref name="devices"/> drafts would take too much; at least one.</summary>
    internal static int Blocks(int blocks, long blockBytes, long available, int devices) =>
        (int)Math.Clamp(available / MemoryShare / Math.Max(1, devices) / blockBytes, 1, Math.Max(1, blocks));
}
