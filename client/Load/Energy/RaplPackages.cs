using System.Globalization;

namespace Crescent.Client.Load.Energy;

/// <summary>Counts the energy of this host's processors by RAPL, as Linux tells it (<c>/sys/class/powercap/intel-rapl:N</c>, AMD's too): whole packages, the generator's own work included.</summary>
internal sealed class RaplPackages
{
    private const string Root = "/sys/class/powercap";

    private readonly List<Package> _packages = [];
    private readonly string _note;
    private bool _lost;

    /// <param name="root">Where zones are; another folder for tests.</param>
    public RaplPackages(string root = Root)
    {
        var refused = false;
        var names = new List<string>();
        string[] zones = Directory.Exists(root) ? Directory.GetDirectories(root) : [];
        foreach (var folder in zones.Order(StringComparer.Ordinal))
        {
            // Below packages stand their cores and memory, which packages count in; the whole platform would count twice.
            if (Text(folder, "name") is not { } name || !name.StartsWith("package", StringComparison.Ordinal))
            {
                continue;
            }

            if (Number(folder, "energy_uj") is { } first)
            {
                _packages.Add(new Package(folder, Number(folder, "max_energy_range_uj") ?? 0, first));
                names.Add(name);
            }
            else
            {
                refused = true;
            }
        }

        _note = _packages.Count > 0 ? string.Join(", ", names)
            : refused ? "its counters may be read by root alone"
            : $"{root} has no processor package";
    }

    /// <summary>What was counted until now; to be asked at least each ten minutes, for counters begin anew.</summary>
    public EnergyReading Read()
    {
        foreach (var package in _packages)
        {
            _lost |= !package.Look();
        }

        return _packages.Count == 0 || _lost
            ? new EnergyReading("rapl", null, _lost ? "a counter could not be read any more" : _note)
            : new EnergyReading("rapl", _packages.Sum(static package => package.Joules), _note);
    }

    private static string? Text(string folder, string file)
    {
        try
        {
            var path = Path.Combine(folder, file);
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long? Number(string folder, string file) => long.TryParse(Text(folder, file), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private sealed class Package(string folder, long range, long first)
    {
        private long _last = first;

        public double Joules { get; private set; }

        public bool Look()
        {
            if (Number(folder, "energy_uj") is not { } now)
            {
                return false;
            }

            Joules += (now >= _last ? now - _last : now + range - _last) / 1e6;
            _last = now;
            return true;
        }
    }
}
