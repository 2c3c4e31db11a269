using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Scheduling;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>The draft model of a device, which guesses what its model goes on with.</summary>
internal static class DraftModels
{
    /// <summary>Share of the memory that its keys and values take at the most.</summary>
    private const int MemoryShare = 8;

    /// <summary>Why <paramref name="draft"/> cannot guess for <paramref name="model"/>; null where it can.</summary>
    public static string? Fault(LanguageModel draft, LanguageModel model)
    {
        if (HasStates(draft))
        {
            return $"{Settings.Draft} names {draft.Path}, whose layers keep states of sequences that cannot go back behind a wrong guess; give a model without ({draft.Graph.Config.Architecture} has them).";
        }

        if (HasStates(model))
        {
            return $"{Settings.Draft} names {draft.Path}, but nothing can be guessed for {model.Path}: its layers keep states of sequences, which cannot go back behind a wrong guess. Leave it out.";
        }

        return Vocabularies.Difference(draft.Tokenizer, model.Tokenizer) is { } difference
            ? $"{Settings.Draft} names {draft.Path}, whose vocabulary is not that of {model.Path}: {difference}. A draft has the tokens of the model that it guesses for: give a smaller one of the same family."
            : null;
    }

    /// <summary>Opens the draft beside <paramref name="device"/>, whose threads it shares.</summary>
    /// <param name="draft">The model.</param>
    /// <param name="device">The device.</param>
    /// <param name="options">As the device has them; the draft has as many positions, unless they take more than an eighth of the memory.</param>
    /// <param name="tokens">Most tokens to guess.</param>
    public static DraftModel Open(LanguageModel draft, CpuDevice device, CpuDeviceOptions options, int tokens)
    {
        var blocks = device.Info.BlockCount / device.Info.KvGroups.Count;
        var limited = options with { Name = $"{options.Name} draft", KvBlocks = Math.Max(1, Math.Min(blocks, Affordable(draft, options))) };
        return new DraftModel(new CpuDevice(draft.Graph, limited, device), draft.Name, tokens);
    }

    private static bool HasStates(LanguageModel model) => model.Graph.Operators.OfType<StateOperator>().Any();

    private static int Affordable(LanguageModel draft, CpuDeviceOptions options)
    {
        var bytes = CpuDevice.BlockBytesOf(draft.Graph, options);
        return (int)Math.Min(int.MaxValue, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryShare / bytes);
    }
}
