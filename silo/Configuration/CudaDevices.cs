using System.Globalization;
using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Driver;

namespace Crescent.Silo.Configuration;

/// <summary>
/// Names of CUDA devices: <c>cuda:N</c> is GPU N of the machine, <c>cuda:N+M</c> one device of several, which is also told as <c>cuda:N,M</c>; <c>cuda:all</c> is a device of each GPU,
/// <c>auto</c> those or, where there are none, the processor.
/// </summary>
public static class CudaDevices
{
    /// <summary>All GPUs, or the processor.</summary>
    public const string Automatic = "auto";

    /// <summary>All GPUs.</summary>
    public const string All = "cuda:all";

    private const string Prefix = "cuda:";

    // GPUs do not come and go, and the settings are read many times.
    private static readonly Lazy<(int Count, string? Fault)> Found = new(Count);

    /// <summary>Whether a name is that of a GPU, or of several.</summary>
    public static bool IsCuda(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && name[Prefix.Length..].Split('+').All(IsNumber);

    /// <summary>Numbers of the GPUs that a name is of, in its order.</summary>
    public static IReadOnlyList<int> NumbersOf(string name) =>
        [.. name[Prefix.Length..].Split('+').Select(static number => (int)byte.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture))];

    /// <summary>
    /// Devices as they are told, each perhaps with <c>=</c> and its model: a bare number joins the GPU, or GPUs, before it, so that <c>cuda:0,1=PATH</c> is <c>cuda:0+1=PATH</c>.
    /// </summary>
    /// <exception cref="FormatException">A number stands behind a device that has its model already.</exception>
    public static IReadOnlyList<string> Join(IReadOnlyList<string> entries)
    {
        var joined = new List<string>();
        foreach (var entry in entries)
        {
            var number = entry.Split('=', 2)[0].Trim();
            if (joined.Count == 0 || !IsNumber(number) || !IsCuda(joined[^1].Split('=', 2)[0].Trim()))
            {
                joined.Add(entry);
                continue;
            }

            if (joined[^1].Contains('=', StringComparison.Ordinal))
            {
                throw new FormatException($"{Settings.Devices} has {number} behind '{joined[^1]}': a device of several GPUs names its model behind the last, as in cuda:0,1=PATH.");
            }

            joined[^1] += "+" + entry;
        }

        return joined;
    }

    /// <summary>What is wrong with devices whose names are right by themselves: a GPU twice, or too many in one; null for nothing.</summary>
    public static string? Fault(IEnumerable<string> names)
    {
        string[] devices = [.. names.Where(IsCuda)];
        if (devices.FirstOrDefault(static name => NumbersOf(name).Count > CudaDeviceOptions.MostGpus) is { } large)
        {
            return $"{Settings.Devices} has a device of {NumbersOf(large).Count} GPUs, {large}; a device has at most {CudaDeviceOptions.MostGpus}.";
        }

        var twice = devices.SelectMany(NumbersOf).GroupBy(static gpu => gpu).FirstOrDefault(static same => same.Count() > 1);
        return twice is null ? null : $"{Settings.Devices} names the GPU cuda:{twice.Key} twice, in {string.Join(" and ", devices.Where(name => NumbersOf(name).Contains(twice.Key)))}; a GPU is in one device.";
    }

    /// <summary>The names that <paramref name="name"/> stands for; itself where it stands for no others.</summary>
    /// <exception cref="FormatException">It stands for all GPUs, and there are none; the message says why and what helps.</exception>
    public static IEnumerable<string> Expand(string name)
    {
        if (name is not (All or Automatic))
        {
            return [name];
        }

        var (count, fault) = Found.Value;
        if (count > 0)
        {
            return Enumerable.Range(0, count).Select(static gpu => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{gpu}"));
        }

        return name == Automatic ? [ServingOptions.DefaultDevices] : throw new FormatException($"{Settings.Devices} is '{name}': {fault}");
    }

    private static bool IsNumber(string text) => byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static (int Count, string? Fault) Count()
    {
        try
        {
            var count = CudaGpu.All().Count;
            return (count, count > 0 ? null : "the CUDA driver tells of no GPU; CUDA_VISIBLE_DEVICES may hide it.");
        }
        catch (CudaDeviceException fault)
        {
            return (0, fault.Message);
        }
    }
}
