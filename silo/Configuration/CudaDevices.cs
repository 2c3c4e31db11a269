using System.Globalization;
using Crescent.Engine.Cuda.Driver;

namespace Crescent.Silo.Configuration;

/// <summary>Names of CUDA devices: <c>cuda:N</c> is GPU N of the machine, <c>cuda:all</c> all of them, <c>auto</c> those or, where there are none, the processor.</summary>
public static class CudaDevices
{
    /// <summary>All GPUs, or the processor.</summary>
    public const string Automatic = "auto";

    /// <summary>All GPUs.</summary>
    public const string All = "cuda:all";

    private const string Prefix = "cuda:";

    // GPUs do not come and go, and the settings are read many times.
    private static readonly Lazy<(int Count, string? Fault)> Found = new(Count);

    /// <summary>Whether a name is that of a GPU.</summary>
    public static bool IsCuda(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && byte.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>Number of the GPU that a name is of.</summary>
    public static int NumberOf(string name) => byte.Parse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture);

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
