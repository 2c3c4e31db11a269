using Crescent.Engine.Model;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Models;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>Opens the models that the settings name.</summary>
internal static class ModelFiles
{
    /// <summary>All models of <paramref name="serving"/>, each of which its devices can hold.</summary>
    /// <exception cref="StartException">One cannot be used; the message names the file and the fault.</exception>
    public static ModelCatalogue Open(ServingOptions serving, GrammarLimits limits)
    {
        var plan = serving.Plan;
        var simulated = serving.Simulated();
        var opened = new Dictionary<string, (LanguageModel Model, GrammarCache Grammars)>(StringComparer.Ordinal);
        LanguageModel? draft = null;
        try
        {
            draft = serving.DraftFile is { } path ? Open(Path.GetFullPath(path)) : null;
            var models = new List<ServedModel>();
            var guessedFor = new List<LanguageModel>();
            foreach (var reference in plan.Models)
            {
                var name = ServingOptions.FileOf(reference);
                if (!opened.TryGetValue(name, out var file))
                {
                    var model = Open(name);
                    opened[name] = file = (model, new GrammarCache(model.Tokenizer, limits));
                }

                foreach (var device in simulated is null ? plan.Devices.Where(d => d.Model == reference) : [])
                {
                    Devices.CheckFit(device.Device, serving, file.Model);
                    if (Devices.DraftFault(device.Device, serving, draft, file.Model, guessedFor) is { } fault)
                    {
                        throw new StartException(fault);
                    }

                    if (!CudaDevices.IsCuda(device.Device))
                    {
                        guessedFor.Add(file.Model);
                    }
                }

                models.Add(new ServedModel(
                    file.Model,
                    file.Grammars,
                    File.GetLastWriteTimeUtc(name),
                    simulated?.NameOf(reference) ?? NameOf(file.Model, models),
                    simulated is not null,
                    simulated?.MaxPositions(reference)));
            }

            return new ModelCatalogue(models, Aliases(plan, models), draft);
        }
        catch (Exception e)
        {
            draft?.Dispose();
            foreach (var (model, _) in opened.Values)
            {
                model.Dispose();
            }

            throw e switch
            {
                InvalidModelException => new StartException($"The model cannot be used: {e.Message}", e),
                ArgumentException fault => new StartException($"{Settings.Aliases} or {Settings.Models}: {fault.Plain()}", e),
                _ => e,
            };
        }
    }

    /// <summary>The model that a device of <paramref name="plan"/> serves.</summary>
    public static ServedModel Find(ModelPlan plan, ModelCatalogue models, string reference)
    {
        for (var i = 0; i < plan.Models.Count; i++)
        {
            if (plan.Models[i] == reference)
            {
                return models.All[i];
            }
        }

        throw new ArgumentException($"{reference} is no model of the plan.", nameof(reference));
    }

    private static LanguageModel Open(string path)
    {
        try
        {
            return LanguageModel.Open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The model {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A model's own name, or that of its file where another has it: quantisations of one model tell themselves apart by their files.</summary>
    private static string NameOf(LanguageModel model, List<ServedModel> before)
    {
        var file = Path.GetFileNameWithoutExtension(model.Path);
        return before.Exists(other => other.IsCalled(model.Name)) ? file : model.Name;
    }

    /// <summary>What the settings call models: <c>--models NAME=FILE</c> names a file, <c>--aliases</c> a model by any of its names.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Aliases(ModelPlan plan, List<ServedModel> models) =>
        plan.Aliases.Select(alias => plan.Models.ToList().IndexOf(alias.Value) is >= 0 and var at ? KeyValuePair.Create(alias.Key, models[at].Id) : alias);
}
