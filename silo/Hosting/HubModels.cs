using Crescent.Grains.Contracts.Hub;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>Puts files in the place of the models of a hub that settings name, and brings those that are not there.</summary>
internal static class HubModels
{
    private const StringSplitOptions Parts = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    private static readonly Setting[] Named = [Settings.Model, Settings.Devices, Settings.Models, Settings.Draft];

    /// <summary>
    /// The settings of the command line with files for <c>hf:ORG/REPO</c> in <c>--model</c>, <c>--devices</c>, <c>--models</c> and <c>--draft</c>, wherever those were set:
    /// so the silos that this process starts find them as they are.
    /// </summary>
    /// <param name="commandLine">Settings of the command line, by key.</param>
    /// <param name="pull">Brings a model; says which file it is.</param>
    /// <exception cref="StartException">A model cannot be had.</exception>
    public static async Task<IReadOnlyDictionary<string, string?>> Resolve(IReadOnlyDictionary<string, string?> commandLine, Func<HubReference, bool, Task<string>> pull)
    {
        var configuration = Settings.Load(commandLine);
        var offline = configuration[Settings.Offline.Key] is { } word && (bool.TryParse(word, out var said)
            ? said
            : throw new StartException(Settings.OutOfRange(Settings.Offline, word, "true or false")));
        var settings = new Dictionary<string, string?>(commandLine);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var setting in Named)
        {
            if (configuration[setting.Key] is not { } value || !value.Contains(HubReference.Scheme, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var entries = value.Split(',', Parts);
            for (var i = 0; i < entries.Length; i++)
            {
                var at = setting == Settings.Model || setting == Settings.Draft ? 0 : entries[i].IndexOf('=', StringComparison.Ordinal) + 1;
                if (!HubReference.IsMeant(entries[i][at..].TrimStart()))
                {
                    continue;
                }

                var model = entries[i][at..].Trim();
                if (!files.TryGetValue(model, out var file))
                {
                    files[model] = file = await File(setting, model, offline, pull);
                }

                entries[i] = entries[i][..at] + file;
            }

            settings[setting.Key] = string.Join(',', entries);
        }

        return settings;
    }

    /// <summary>Brings a model from the hub that the environment names into the folder of this user, and tells of it on the standard error.</summary>
    /// <exception cref="HubException">It cannot be had.</exception>
    public static async Task<string> Pull(HubReference reference, bool offline, CancellationToken cancellationToken)
    {
        var pull = new HubPull(HubSettings.FromEnvironment(), ModelFolder.Default, TimeProvider.System);
        var model = await pull.Have(reference, offline, static progress => Console.Error.WriteLine(progress.ToString()), cancellationToken);
        return model.File;
    }

    private static async Task<string> File(Setting setting, string model, bool offline, Func<HubReference, bool, Task<string>> pull)
    {
        try
        {
            return await pull(HubReference.Parse(model), offline);
        }
        catch (HubException e)
        {
            throw new StartException($"{setting} names {model}: {e.Message}. {e.Remedy}", e);
        }
    }
}
