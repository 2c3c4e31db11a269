using System.Globalization;

namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// Simulated devices as one writes them: <c>sim:GPU[*COUNT][:tpN|:depN]</c>, such as <c>sim:h100-sxm*92:tp8</c> for 92 groups of 8 GPUs, each
/// group one device: <c>tp</c> where they share each token's work, <c>dep</c> where each has sequences of its own and its part of the experts. GPU is a name of <see cref="GpuModels"/> or the path of a JSON file.
/// </summary>
/// <param name="Gpu">The GPU.</param>
/// <param name="Count">Devices, that is groups; 1 and up.</param>
/// <param name="TensorParallel">GPUs of one device; 1 to the GPU's <see cref="GpuModel.LinkDomain"/>.</param>
/// <param name="DataParallel">Whether they are parallel by data and experts instead: attention is each GPU's own, the experts are divided among them.</param>
public sealed record SimulatedDeviceSpec(GpuModel Gpu, int Count, int TensorParallel, bool DataParallel = false)
{
    /// <summary>What every such spec begins with.</summary>
    public const string Prefix = "sim:";

    /// <summary>Most devices of one spec.</summary>
    public const int MaxCount = 100_000;

    /// <summary>GPUs in all.</summary>
    public int GpuCount => Count * TensorParallel;

    /// <summary>Most tokens of a step where nothing else is said: each GPU that has sequences of its own has a budget of its own, as in the engines that are simulated.</summary>
    public int MaxStepTokens => SimulatedDeviceOptions.DefaultMaxStepTokens * (DataParallel ? TensorParallel : 1);

    /// <summary>The GPU as it draws by the batch of its device: where each GPU has sequences of its own, it has only its part of them.</summary>
    public GpuModel PoweredGpu => DataParallel ? Gpu with { DecodeMidpoint = Gpu.DecodeMidpoint + Math.Log2(TensorParallel) } : Gpu;

    /// <summary>True when <paramref name="text"/> names simulated devices.</summary>
    public static bool IsSimulated(string text) => text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a spec.</summary>
    /// <exception cref="FormatException">Names the part that is wrong and what is allowed.</exception>
    public static SimulatedDeviceSpec Parse(string text)
    {
        if (!IsSimulated(text))
        {
            throw new FormatException($"'{text}' is no simulated device: write {Prefix}GPU[*COUNT][:tpN|:depN], such as sim:h100-sxm*92:tp8.");
        }

        var rest = text[Prefix.Length..];
        var tensorParallel = 1;
        var dataParallel = false;
        var colon = rest.LastIndexOf(':');
        if (colon >= 0 && rest.AsSpan(colon + 1).StartsWith("tp", StringComparison.OrdinalIgnoreCase))
        {
            tensorParallel = Number(text, rest[(colon + 3)..], "the GPUs of a group, after ':tp',", 1, 1024);
            rest = rest[..colon];
        }
        else if (colon >= 0 && rest.AsSpan(colon + 1).StartsWith("dep", StringComparison.OrdinalIgnoreCase))
        {
            tensorParallel = Number(text, rest[(colon + 4)..], "the GPUs of a group, after ':dep',", 2, 1024);
            dataParallel = true;
            rest = rest[..colon];
        }
        else if (colon >= 0 && !rest.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"'{text}': after ':' comes tpN or depN, the GPUs of a group, not '{rest[(colon + 1)..]}'.");
        }

        var count = 1;
        var star = rest.LastIndexOf('*');
        if (star >= 0)
        {
            count = Number(text, rest[(star + 1)..], "the count, after '*',", 1, MaxCount);
            rest = rest[..star];
        }

        if (rest.Length == 0)
        {
            throw new FormatException($"'{text}' names no GPU. Known are {string.Join(", ", GpuModels.Names)}.");
        }

        var gpu = GpuModels.Find(rest);
        if (tensorParallel > gpu.LinkDomain)
        {
            throw new FormatException($"'{text}': a group of {gpu.Name} has at most {gpu.LinkDomain} GPUs, not {tensorParallel}.");
        }

        return new SimulatedDeviceSpec(gpu, count, tensorParallel, dataParallel);
    }

    /// <summary>The name of device <paramref name="index"/> within its silo.</summary>
    public string DeviceName(int index) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Gpu.Name}:{index}");

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{Gpu.Name}{(Count > 1 ? $"*{Count}" : "")}{(DataParallel ? $":dep{TensorParallel}" : TensorParallel > 1 ? $":tp{TensorParallel}" : "")}");

    private static int Number(string text, string digits, string what, int min, int max) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new FormatException($"'{text}': {what} must be a number from {min} to {max}, not '{digits}'.");
}
