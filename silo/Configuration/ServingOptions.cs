namespace Crescent.Silo.Configuration;

/// <summary>The model and the devices that serve it. Section <c>Crescent</c>.</summary>
public sealed class ServingOptions : IChecked
{
    public const string EmbeddedModel = "crescent-tiny.Q8_0.gguf";
    public const string DefaultDevices = "cpu";
    public const int MaxThreads = 1024;
    public const int MinKvBlocks = 8;
    public const int MaxKvBlocks = 1 << 24;

    /// <summary>A GGUF file; null for the embedded model.</summary>
    public string? Model { get; set; }

    /// <summary>Devices of each device silo, parted by commas: <c>cpu</c>, or <c>cpu:0,cpu:1</c> for several.</summary>
    public string Devices { get; set; } = DefaultDevices;

    /// <summary>Compute threads of each device silo; 0 shares the cores of the machine among them.</summary>
    public int Threads { get; set; }

    /// <summary>KV blocks of 16 tokens on each device; 0 lets the device choose.</summary>
    public int KvBlocks { get; set; }

    /// <summary>Full path of the model file.</summary>
    public string ModelPath => Path.GetFullPath(Model ?? Path.Combine(AppContext.BaseDirectory, "models", EmbeddedModel));

    /// <summary>Names of the devices, unique.</summary>
    public IReadOnlyList<string> DeviceNames =>
        Devices.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public IEnumerable<string> Problems()
    {
        if (Threads is < 0 or > MaxThreads)
        {
            yield return Settings.OutOfRange(Settings.Threads, Threads, $"0 (share the cores) to {MaxThreads}");
        }

        if (KvBlocks is not 0 and (< MinKvBlocks or > MaxKvBlocks))
        {
            yield return Settings.OutOfRange(Settings.KvBlocks, KvBlocks, $"0 (automatic) or {MinKvBlocks} to {MaxKvBlocks}");
        }

        if (DeviceNames.Count == 0 || DeviceNames.Any(n => !IsDevice(n)))
        {
            yield return Settings.OutOfRange(Settings.Devices, Devices, "cpu, or cpu:0,cpu:1,… for several");
        }
        else if (DeviceNames.Distinct().Count() < DeviceNames.Count)
        {
            yield return $"{Settings.Devices} names a device twice: '{Devices}'; number them: cpu:0,cpu:1.";
        }

        if (!File.Exists(ModelPath))
        {
            yield return Model is null
                ? $"The embedded model is not at {ModelPath}; build again, or name another file with {Settings.Model}."
                : $"{Settings.Model} names {ModelPath}, where there is no file.";
        }
    }

    private static bool IsDevice(string name) =>
        name == "cpu" || (name.StartsWith("cpu:", StringComparison.Ordinal) && byte.TryParse(name.AsSpan(4), out _));
}
