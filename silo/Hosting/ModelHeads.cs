using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Scheduling;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>The head of a device's own model for multi-token prediction, which guesses what the model goes on with.</summary>
internal static class ModelHeads
{
    /// <summary>Why the head of <paramref name="model"/> cannot guess; null where it can.</summary>
    public static string? Fault(LanguageModel model) => model.Graph.Head is not null
        ? null
        : $"{Settings.Draft} is '{ServingOptions.OwnHead}', but {model.Path} has no head for multi-token prediction that is known ({model.Graph.Config.Architecture})"
            + $"{(model.Graph.HeadFault is { } fault ? $": {fault}" : "")}: give another file of the model, or leave it out.";

    /// <summary>Why there is no room for the head of <paramref name="model"/> on all processors of a silo together; null where there is.</summary>
    /// <param name="model">The model.</param>
    /// <param name="models">That of each of them; the same stands there once for each.</param>
    /// <param name="options">As the devices have them.</param>
    public static string? MemoryFault(LanguageModel model, IReadOnlyCollection<LanguageModel> models, CpuDeviceOptions options)
    {
        var head = model.Graph.Head!;
        return DraftModels.MemoryFault($"the head of {model.Path}", CpuDevice.WeightBytesOf(head, model.Graph), CpuDevice.BlockBytesOf(head, options), models, options);
    }

    /// <summary>Opens the head beside <paramref name="device"/>, whose threads and output matrix it shares.</summary>
    /// <param name="model">The device's model.</param>
    /// <param name="device">The device.</param>
    /// <param name="options">As the device has them; the head has as many positions, unless they take more than its part of an eighth of the memory.</param>
    /// <param name="devices">Devices of the silo.</param>
    /// <param name="tokens">Most tokens to guess.</param>
    public static DraftModel Open(LanguageModel model, CpuDevice device, CpuDeviceOptions options, int devices, int tokens)
    {
        var head = model.Graph.Head!;
        var limited = options with { Name = $"{options.Name} head", KvBlocks = DraftModels.BlocksBeside(device, head, options, devices) };
        return new DraftModel(new CpuDevice(head, limited, device), $"{model.Name} head", tokens);
    }
}
