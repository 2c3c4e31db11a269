using System.Diagnostics.CodeAnalysis;

namespace Crescent.Engine.Power.Rapl;

/// <summary>
/// A processor device's share of what the machine's processor packages use (<c>/sys/class/powercap/intel-rapl:N</c>, on AMD too). The counters
/// know only whole packages, so the device is given the part that its threads are of all the machine's logical processors: too little when it
/// works alone, too much when others work harder. It says joules only; memory outside the package is not in it.
/// </summary>
public sealed class RaplMeter : IPowerMeter, IDisposable
{
    /// <summary>Where the kernel shows the counters.</summary>
    public const string DefaultRoot = "/sys/class/powercap";

    /// <summary>Where the kernel lists the processors in use, such as <c>0-63</c>.</summary>
    public const string DefaultProcessors = "/sys/devices/system/cpu/online";

    private const string Prefix = "intel-rapl:";
    private const string PackageName = "package";

    private readonly RaplDomain[] _packages;
    private readonly double _share;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private bool _disposed;

    private RaplMeter(RaplDomain[] packages, double share, TimeProvider time)
    {
        _packages = packages;
        _share = share;
        _time = time;
    }

    /// <inheritdoc/>
    public string Source => PowerSource.Rapl;

    /// <inheritdoc/>
    public TimeSpan Resolution => TimeSpan.FromMilliseconds(1);

    /// <summary>Packages that it reads.</summary>
    public int Packages => _packages.Length;

    /// <summary>The device's part of them, above 0 and at most 1.</summary>
    public double Share => _share;

    /// <summary>Opens the counters of all packages for a device of <paramref name="threads"/> threads.</summary>
    /// <param name="threads">Threads of the device, at least 1.</param>
    /// <param name="meter">The meter.</param>
    /// <param name="fault">Without one: why, and what to do.</param>
    /// <param name="root">Instead of <see cref="DefaultRoot"/>.</param>
    /// <param name="processors">Instead of <see cref="DefaultProcessors"/>; where there is no such file, the processors that this process may use count.</param>
    /// <param name="time">Dates the readings.</param>
    public static bool TryOpen(
        int threads,
        [NotNullWhen(true)] out RaplMeter? meter,
        [NotNullWhen(false)] out string? fault,
        string root = DefaultRoot,
        string processors = DefaultProcessors,
        TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        meter = null;
        var packages = new List<RaplDomain>();
        var folder = root;
        try
        {
            foreach (var candidate in Candidates(root))
            {
                folder = candidate;
                if (IsPackage(candidate))
                {
                    packages.Add(new RaplDomain(candidate));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            packages.ForEach(static package => package.Dispose());
            fault = e is UnauthorizedAccessException
                ? $"{folder}/energy_uj may be read by root only; let this user read it, such as with chmod a+r."
                : $"{folder}: {e.Message}";
            return false;
        }

        if (packages.Count == 0)
        {
            fault = $"{root} has no {Prefix}N of a processor package: the processor, the kernel or the virtual machine does not offer it.";
            return false;
        }

        fault = null;
        meter = new RaplMeter([.. packages], Math.Min(1, (double)threads / Processors(processors)), time ?? TimeProvider.System);
        return true;
    }

    /// <inheritdoc/>
    public PowerReading Read()
    {
        lock (_lock)
        {
            var joules = 0.0;
            if (_disposed)
            {
                return new PowerReading(Source, _time.GetTimestamp(), null, null);
            }

            foreach (var package in _packages)
            {
                if (package.Read() is not { } one)
                {
                    // Without one of them the sum would fall.
                    return new PowerReading(Source, _time.GetTimestamp(), null, null);
                }

                joules += one;
            }

            return new PowerReading(Source, _time.GetTimestamp(), null, joules * _share);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Array.ForEach(_packages, static package => package.Dispose());
        }
    }

    private static IEnumerable<string> Candidates(string root) =>
        Directory.Exists(root) ? Directory.GetDirectories(root, Prefix + "*").Order(StringComparer.Ordinal) : [];

    // Domains within a package have a second number, and psys holds the packages: either would count twice.
    private static bool IsPackage(string folder) =>
        Path.GetFileName(folder).AsSpan(Prefix.Length).IndexOf(':') < 0
        && File.ReadAllText(Path.Combine(folder, "name")).StartsWith(PackageName, StringComparison.Ordinal);

    private static int Processors(string file)
    {
        try
        {
            return CountRanges(File.ReadAllText(file).Trim());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return Environment.ProcessorCount;
        }
    }

    /// <summary>Counts the members of a list such as <c>0-3,8,10-11</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    private static int CountRanges(string list)
    {
        var count = 0;
        foreach (var range in list.Split(','))
        {
            var dash = range.IndexOf('-', StringComparison.Ordinal);
            var first = int.Parse(dash < 0 ? range : range[..dash], System.Globalization.CultureInfo.InvariantCulture);
            var last = dash < 0 ? first : int.Parse(range[(dash + 1)..], System.Globalization.CultureInfo.InvariantCulture);
            count += last >= first ? last - first + 1 : throw new FormatException($"{list} is no list of processors.");
        }

        return count;
    }
}
