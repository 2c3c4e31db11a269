using Crescent.Engine.Devices.Simulated;

namespace Crescent.Silo.Configuration;

/// <summary>The models of a cluster, the same in all its processes, and which of them each device serves.</summary>
/// <param name="Devices">Each device's name, unique, and its model, of <paramref name="Models"/>.</param>
/// <param name="Models">Full paths of GGUF files, or <c>sim:NAME</c>, each once. The first serves requests that name none.</param>
/// <param name="Aliases">Further names of models: the model of <paramref name="Models"/>, or another alias's name, by alias.</param>
public sealed record ModelPlan(
    IReadOnlyList<(string Device, string Model)> Devices, IReadOnlyList<string> Models, IReadOnlyList<KeyValuePair<string, string>> Aliases)
{
    /// <summary>Models that a cluster may know.</summary>
    public const int MaxModels = 64;

    /// <summary>Aliases that it may have.</summary>
    public const int MaxAliases = 256;

    private const StringSplitOptions Parts = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;

    /// <summary>Reads <see cref="ServingOptions.Model"/>, <see cref="ServingOptions.Devices"/>, <see cref="ServingOptions.Models"/> and <see cref="ServingOptions.Aliases"/>.</summary>
    /// <exception cref="FormatException">The message names the option and what it takes.</exception>
    public static ModelPlan Read(ServingOptions options)
    {
        var named = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var further = new List<string>();
        foreach (var entry in (options.Models ?? "").Split(',', Parts))
        {
            var (name, model) = Split(entry);
            further.Add(Reference(model ?? entry));
            if (model is not null && !named.TryAdd(name, Reference(model)))
            {
                throw new FormatException($"{Settings.Models} is '{options.Models}': it gives the name {name} twice.");
            }
        }

        var devices = CudaDevices.Join(options.Devices.Split(',', Parts)).Select(Split).SelectMany(static device => CudaDevices.Expand(device.Name).Select(name => (name, device.Value))).ToList();
        var common = options.Model is { } given ? Named(given) : null;

        // Where each device names its own, nobody asked for the embedded one.
        var fallback = common ?? (devices.Count > 0 && devices.All(static d => d.Value is not null) ? null : ServingOptions.EmbeddedPath);
        var placed = Numbered(devices).Select(device => (device.Name, device.Value is { } own ? Named(own) : fallback!)).ToList();
        var models = new[] { common ?? (fallback ?? placed[0].Item2) }.Concat(placed.Select(static d => d.Item2)).Concat(further).Distinct(StringComparer.Ordinal).ToList();
        if (models.Count > MaxModels)
        {
            throw new FormatException($"{models.Count} models are named; a cluster knows up to {MaxModels}.");
        }

        return new ModelPlan(placed, models, [.. named, .. ReadAliases(options)]);

        string Named(string model) => named.GetValueOrDefault(model) ?? Reference(model);
    }

    private static IEnumerable<KeyValuePair<string, string>> ReadAliases(ServingOptions options)
    {
        var entries = (options.Aliases ?? "").Split(',', Parts);
        if (entries.Length > MaxAliases)
        {
            throw new FormatException($"{Settings.Aliases} has {entries.Length} names; it takes up to {MaxAliases}.");
        }

        return entries.Select(entry => Split(entry) is (var alias, { } model)
            ? KeyValuePair.Create(alias, model)
            : throw new FormatException($"{Settings.Aliases} is '{options.Aliases}'; it takes ALIAS=MODEL, several parted by commas."));
    }

    /// <summary>Devices that share a name are numbered: <c>cpu,cpu</c> are <c>cpu:0</c> and <c>cpu:1</c>, if they serve different models; the same twice is a mistake.</summary>
    private static List<(string Name, string? Value)> Numbered(List<(string Name, string? Value)> devices)
    {
        var taken = devices.Select(static d => d.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var group in devices.Select(static (device, at) => (device, at)).GroupBy(static d => d.device.Name, StringComparer.Ordinal))
        {
            var next = 0;
            foreach (var (device, at) in group)
            {
                if (group.Count() == 1 || device.Value is null || device.Name.Contains(':', StringComparison.Ordinal) || SimulatedDeviceSpec.IsSimulated(device.Name))
                {
                    continue;
                }

                while (!taken.Add($"{device.Name}:{next}"))
                {
                    next++;
                }

                devices[at] = ($"{device.Name}:{next}", device.Value);
            }
        }

        return devices;
    }

    private static string Reference(string model) => SimulatedDeviceSpec.IsSimulated(model) ? model : Path.GetFullPath(model);

    private static (string Name, string? Value) Split(string entry)
    {
        var at = entry.IndexOf('=', StringComparison.Ordinal);
        return at < 0 ? (entry, null) : (entry[..at].Trim(), entry[(at + 1)..].Trim() is { Length: > 0 } value
            ? value
            : throw new FormatException($"'{entry}' names no model behind '='."));
    }
}
