using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Grains.Contracts.Local;

/// <summary>
/// A cluster that runs on this machine, as its supervisor announces it: <c>~/.crescent/runs/&lt;cluster id&gt;/cluster.json</c>,
/// written once the cluster serves and deleted when it stops. <c>CRESCENT_HOME</c> moves <c>~/.crescent</c>.
/// </summary>
public sealed record LocalCluster
{
    /// <summary>Environment variable that replaces <c>~/.crescent</c>.</summary>
    public const string HomeVariable = "CRESCENT_HOME";

    /// <summary>Name of the announcement in its run folder.</summary>
    public const string FileName = "cluster.json";

    /// <summary>Name of the membership table in its run folder.</summary>
    public const string MembershipFileName = "membership.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The run; Orleans' cluster id.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Full path of the membership table, from which a client reads the gateways.</summary>
    public required string MembershipFile { get; init; }

    /// <summary>Base address of the HTTP front end, such as <c>http://127.0.0.1:8080</c>.</summary>
    public required string Url { get; init; }

    /// <summary>Process that supervises the cluster.</summary>
    public required int ProcessId { get; init; }

    /// <summary>When it began to serve.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>Name of the model it serves.</summary>
    public string Model { get; init; } = "";

    /// <summary>Where Crescent keeps what belongs to this user: <c>~/.crescent</c>, or what <see cref="HomeVariable"/> says.</summary>
    public static string HomeFolder
    {
        get
        {
            var home = Environment.GetEnvironmentVariable(HomeVariable);
            if (string.IsNullOrWhiteSpace(home))
            {
                var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
                home = Path.Combine(user.Length > 0 ? user : Path.GetTempPath(), ".crescent");
            }

            return Path.GetFullPath(home);
        }
    }

    /// <summary>The folder above all run folders.</summary>
    public static string RunsFolder => Path.Combine(HomeFolder, "runs");

    /// <summary>The run folder of a cluster.</summary>
    public static string Folder(string clusterId) => Path.Combine(RunsFolder, clusterId);

    /// <summary>The newest cluster whose supervisor still runs, or null.</summary>
    public static LocalCluster? FindRunning() =>
        Announced().Where(c => c.IsRunning).OrderByDescending(c => c.Started).FirstOrDefault();

    /// <summary>All announcements, those of dead supervisors too.</summary>
    public static IEnumerable<LocalCluster> Announced() =>
        Directory.Exists(RunsFolder)
            ? Directory.EnumerateDirectories(RunsFolder).Select(f => Read(Path.Combine(f, FileName))).OfType<LocalCluster>()
            : [];

    /// <summary>The announcement at <paramref name="path"/>, or null where there is none that can be read.</summary>
    public static LocalCluster? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<LocalCluster>(File.ReadAllBytes(path), Json);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Announces the cluster; a reader sees the whole announcement or none.</summary>
    public void Write()
    {
        var folder = Folder(ClusterId);
        Directory.CreateDirectory(folder);
        var draft = Path.Combine(folder, $"{FileName}.{Environment.ProcessId}");
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(this, Json));
        File.Move(draft, Path.Combine(folder, FileName), overwrite: true);
    }

    /// <summary>Whether its supervisor still runs.</summary>
    [JsonIgnore]
    public bool IsRunning
    {
        get
        {
            try
            {
                using var process = Process.GetProcessById(ProcessId);

                // A process that is younger than the announcement has only been given the same number.
                return !process.HasExited && process.StartTime.ToUniversalTime() <= Started.UtcDateTime;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
            {
                return false;
            }
        }
    }
}
