namespace Crescent.Silo.Configuration;

/// <summary>How many silos there are, or which one this process is. Section <c>Crescent</c>.</summary>
public sealed class ClusterOptions : IChecked
{
    public const int DefaultSilos = 3;
    public const int DefaultRestarts = 8;
    public const int MaxRestarts = 1000;
    public const int MaxSilos = 32;
    public const int MaxPort = 65535;
    public const int MaxNameLength = 64;

    /// <summary>What names and ids are made of.</summary>
    internal static readonly string Names = $"1 to {MaxNameLength} letters, digits, '-', '_' and '.'";

    /// <summary>Processes of the local cluster: 1 does all in this one; more are one front end and the rest device silos.</summary>
    public int Silos { get; set; } = DefaultSilos;

    /// <summary>
    /// Restarts in a row after which a supervisor gives up a silo whose process ends; 0 for none. Pauses between them double from 2 s to 30 s; a
    /// minute of serving makes the count begin anew.
    /// </summary>
    public int Restarts { get; set; } = DefaultRestarts;

    /// <summary>Set: this process is one silo of that role and starts no others.</summary>
    public SiloRole? Role { get; set; }

    /// <summary>Name of this silo, unique in its cluster; null for the role's own name.</summary>
    public string? Name { get; set; }

    /// <summary>The run of the cluster; null for a fresh one, or with a <see cref="Role"/> for the newest on this machine.</summary>
    public string? ClusterId { get; set; }

    /// <summary>Membership table that the silos of the cluster share; null for the one in the run folder of the cluster.</summary>
    public string? MembershipFile { get; set; }

    /// <summary>Port for other silos; 0 for any free one.</summary>
    public int SiloPort { get; set; }

    /// <summary>Port for clients over Orleans, on the loopback address; 0 for any free one. A front end has none.</summary>
    public int GatewayPort { get; set; }

    /// <summary>Least level of Crescent's own log.</summary>
    public LogLevel LogLevel { get; set; } = LogLevel.Information;

    /// <summary>Started by a supervisor: runs until its standard input ends.</summary>
    public bool Supervised { get; set; }

    public IEnumerable<string> Problems()
    {
        if (Silos is < 1 or > MaxSilos)
        {
            yield return Settings.OutOfRange(Settings.Silos, Silos, $"1 to {MaxSilos}");
        }

        if (Restarts is < 0 or > MaxRestarts)
        {
            yield return Settings.OutOfRange(Settings.Restarts, Restarts, $"0 (none) to {MaxRestarts}");
        }

        if (SiloPort is < 0 or > MaxPort)
        {
            yield return Settings.OutOfRange(Settings.SiloPort, SiloPort, $"0 (any free port) to {MaxPort}");
        }

        if (GatewayPort is < 0 or > MaxPort)
        {
            yield return Settings.OutOfRange(Settings.GatewayPort, GatewayPort, $"0 (any free port) to {MaxPort}");
        }

        foreach (var (setting, value) in new[] { (Settings.Name, Name), (Settings.ClusterId, ClusterId) })
        {
            if (value is not null && !IsName(value))
            {
                yield return Settings.OutOfRange(setting, value, Names);
            }
        }
    }

    // Names stand in grain keys (silo/device), cluster ids in folder names.
    internal static bool IsName(string value) =>
        value.Length is > 0 and <= MaxNameLength
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        && value.Any(char.IsAsciiLetterOrDigit);
}
