using System.Globalization;

namespace Crescent.Silo.Configuration;

/// <summary>Limits and deadlines of the HTTP front end. Section <c>Crescent</c>.</summary>
public sealed class HttpOptions : IChecked
{
    public const string DefaultUrls = "http://127.0.0.1:8080";
    public const int DefaultMaxBodyBytes = 4 << 20;
    public const int MinMaxBodyBytes = 1 << 10;
    public const int MaxMaxBodyBytes = 1 << 30;
    public const int DefaultWorkMib = 16;
    public const int MaxWorkMib = 1 << 16;
    public const int DefaultMaxRequests = 1024;
    public const int MaxMaxRequests = 1 << 20;
    public const int DefaultRequestSeconds = 600;
    public const int MaxRequestSeconds = 24 * 60 * 60;
    public const int DefaultWarmUpSeconds = 10;
    public const int MaxWarmUpSeconds = 600;

    /// <summary>Where it listens; several parted by semicolons; port 0 takes any free one.</summary>
    public string Urls { get; set; } = DefaultUrls;

    /// <summary>Addresses of their own for metrics, the state of the factory and what admins do, in the form of <see cref="Urls"/>; empty: they are there.</summary>
    public string OpsUrls { get; set; } = "";

    /// <summary>The addresses of <see cref="OpsUrls"/>, parsed.</summary>
    public IEnumerable<BindingAddress> OpsAddresses => Parted(OpsUrls).Select(BindingAddress.Parse);

    /// <summary>All addresses as they are to be listened on: those of <see cref="OpsUrls"/> last.</summary>
    public string[] AllUrls => [.. Parted(Urls), .. Parted(OpsUrls)];

    /// <summary>Host names that requests may name beside those of <see cref="Urls"/>, parted by semicolons; <c>*.example.com</c> for all below, <c>*</c> for any.</summary>
    public string AllowedHosts { get; set; } = "";

    /// <summary>Web pages that may call from a browser: their origins, parted by semicolons; <c>*</c> for any. Empty: none.</summary>
    public string CorsOrigins { get; set; } = "";

    /// <summary><see cref="CorsOrigins"/>, parted.</summary>
    public IReadOnlyList<string> Origins => Parted(CorsOrigins);

    /// <summary>Longest request body, in bytes; a longer one gets 413.</summary>
    public int MaxBodyBytes { get; set; } = DefaultMaxBodyBytes;

    /// <summary>Bytes of all requests together of which the prompt is not made yet, in MiB; more get 429.</summary>
    public int WorkMib { get; set; } = DefaultWorkMib;

    /// <summary>Completions in flight at once; more get 429.</summary>
    public int MaxRequests { get; set; } = DefaultMaxRequests;

    /// <summary>Seconds a completion may take in all; 504 or an error event after them.</summary>
    public int RequestSeconds { get; set; } = DefaultRequestSeconds;

    /// <summary>Seconds that the requests may take which the front end sends to itself before it says that it is ready; 0 for none.</summary>
    public int WarmUpSeconds { get; set; } = DefaultWarmUpSeconds;

    /// <summary>The addresses of <see cref="Urls"/>, parsed.</summary>
    public IEnumerable<BindingAddress> Addresses => Parted(Urls).Select(BindingAddress.Parse);

    /// <summary>Whether all of it can be reached from this machine only.</summary>
    public bool IsLocal => Addresses.All(static a => AuthOptions.IsLoopback(a.Host));

    public IEnumerable<string> Problems()
    {
        foreach (var url in Urls.Split(';', StringSplitOptions.TrimEntries))
        {
            if (!IsHttpAddress(url))
            {
                yield return Settings.OutOfRange(Settings.Urls, url, "http://HOST:PORT, several parted by ';'");
            }
        }

        foreach (var url in Parted(OpsUrls).Where(static url => !IsHttpAddress(url)))
        {
            yield return Settings.OutOfRange(Settings.OpsUrls, url, "http://HOST:PORT, several parted by ';'");
        }

        // They are told apart by their ports.
        if (Parted(OpsUrls).All(IsHttpAddress) && Parted(Urls).All(IsHttpAddress)
            && OpsAddresses.FirstOrDefault(ops => ops.Port != 0 && Addresses.Any(a => a.Port == ops.Port)) is { } same)
        {
            yield return Settings.OutOfRange(Settings.OpsUrls, same, $"ports that {Settings.Urls.Option} has not");
        }

        foreach (var (setting, value, least, most) in new[]
        {
            (Settings.MaxBody, MaxBodyBytes, MinMaxBodyBytes, MaxMaxBodyBytes),
            (Settings.WorkMib, WorkMib, 1, MaxWorkMib),
            (Settings.MaxRequests, MaxRequests, 1, MaxMaxRequests),
            (Settings.RequestSeconds, RequestSeconds, 1, MaxRequestSeconds),
            (Settings.WarmUpSeconds, WarmUpSeconds, 0, MaxWarmUpSeconds),
        })
        {
            if (value < least || value > most)
            {
                yield return Settings.OutOfRange(setting, value, string.Create(CultureInfo.InvariantCulture, $"{least} to {most}"));
            }
        }

        if ((long)WorkMib << 20 < 2L * MaxBodyBytes)
        {
            yield return Settings.OutOfRange(Settings.WorkMib, WorkMib, $"at least twice {Settings.MaxBody.Option}, which is {MaxBodyBytes}");
        }

        foreach (var origin in Origins)
        {
            if (origin != "*" && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority) == origin))
            {
                yield return Settings.OutOfRange(Settings.CorsOrigins, origin, "SCHEME://HOST[:PORT] without a path, several parted by ';', or *");
            }
        }
    }

    /// <summary>Those of a device silo, which listens on its <see cref="OpsUrls"/> alone.</summary>
    internal HttpOptions WithOpsAlone()
    {
        var alone = (HttpOptions)MemberwiseClone();
        alone.Urls = "";
        return alone;
    }

    /// <summary>The <see cref="OpsUrls"/> of the device silo with number <paramref name="index"/>, from 1: so many ports above the front end's. Port 0 stays any free one.</summary>
    /// <exception cref="StartException">There are not so many ports.</exception>
    internal string DeviceOpsUrls(int index) => string.Join(';', OpsAddresses.Select(address =>
    {
        var port = address.Port == 0 ? 0 : address.Port + index;
        return port <= ClusterOptions.MaxPort
            ? $"{address.Scheme}://{address.Host}:{port}"
            : throw new StartException(Settings.OutOfRange(Settings.OpsUrls, OpsUrls, $"ports that leave one above for each device silo; silo {index} would have {port}"));
    }));

    /// <summary>Those of <see cref="DeviceOpsUrls"/>, parsed.</summary>
    internal IEnumerable<BindingAddress> DeviceOpsAddresses(int index) => Parted(DeviceOpsUrls(index)).Select(BindingAddress.Parse);

    /// <summary>The address to reach <paramref name="url"/> by on this machine: a front end that listens on all addresses is here too.</summary>
    public static string Reachable(string url) => url
        .Replace("://0.0.0.0", "://127.0.0.1", StringComparison.Ordinal)
        .Replace("://[::]", "://127.0.0.1", StringComparison.Ordinal)
        .Replace("://*", "://127.0.0.1", StringComparison.Ordinal)
        .Replace("://+", "://127.0.0.1", StringComparison.Ordinal);

    private static string[] Parted(string text) => text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsHttpAddress(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address is { Scheme: "http", PathBase: "", IsUnixPipe: false, IsNamedPipe: false, Port: <= ClusterOptions.MaxPort };
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
