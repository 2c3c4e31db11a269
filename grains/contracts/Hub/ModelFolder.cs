using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Crescent.Grains.Contracts.Local;

namespace Crescent.Grains.Contracts.Hub;

/// <summary>
/// The folder of models that were brought from a hub, which all silos and consoles of a user share: <c>ORG/REPO/CONTENT/</c> with the files and their
/// <c>pulled.json</c>, where CONTENT is made of the files' checksums. What has no <c>pulled.json</c> is not complete.
/// </summary>
/// <param name="path">The folder.</param>
public sealed class ModelFolder(string path)
{
    private const string RecordName = "pulled.json";
    private const string LockName = ".lock";

    // What a file that another process has open says: the rest, as a volume that is only read, does not pass by waiting.
    private const int SharingViolation = unchecked((int)0x80070020);
    private const int WouldBlockOnLinux = 11;
    private const int WouldBlockOnMac = 35;

    private static readonly TimeSpan LockLook = TimeSpan.FromMilliseconds(300);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary><c>~/.crescent/models</c>; <c>CRESCENT_HOME</c> moves it.</summary>
    public static ModelFolder Default => new(System.IO.Path.Combine(LocalCluster.HomeFolder, "models"));

    /// <summary>The folder.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>All complete models, by name.</summary>
    public IReadOnlyList<PulledModel> List() =>
        Directory.Exists(Path)
            ? [.. Folders(Path).SelectMany(Folders).SelectMany(Folders)
                .Select(Read).OfType<PulledModel>().OrderBy(static model => model.Reference, StringComparer.Ordinal).ThenBy(static model => model.Pulled)]
            : [];

    /// <summary>What a reference means among those that are there, the newest where it was brought more than once; null for none.</summary>
    /// <exception cref="HubException">It can mean several.</exception>
    public PulledModel? Find(HubReference reference)
    {
        var own = List().Where(model => model.Repository.Equals(reference.Path, StringComparison.OrdinalIgnoreCase) && model.IsOf(reference.Revision)).ToList();
        var newest = own.GroupBy(static model => model.Name, StringComparer.Ordinal).Select(static group => group.MaxBy(static model => model.Pulled)!).ToList();
        if (reference.Quantisation is null && newest.Count <= 1)
        {
            return newest.FirstOrDefault();
        }

        if (reference.Quantisation is { } named && !newest.Exists(model => new HubModel(model.Name, model.Files).IsOf(named)))
        {
            return null;
        }

        try
        {
            var chosen = HubModel.Choose(reference, [.. newest.SelectMany(static model => model.Files)]);
            return newest.Find(model => model.Name == chosen.Name);
        }
        catch (HubException) when (reference.Quantisation is null)
        {
            // Which is the usual one of all that the hub has, only the hub knows.
            return null;
        }
    }

    /// <summary>Removes a model's files.</summary>
    /// <exception cref="IOException">They cannot be.</exception>
    public static void Remove(PulledModel model)
    {
        // The record first: what has none is not complete.
        File.Delete(System.IO.Path.Combine(model.Folder, RecordName));
        Directory.Delete(model.Folder, recursive: true);
    }

    /// <summary>Where the files of a model go.</summary>
    internal string FolderOf(HubReference reference, HubModel model)
    {
        var content = SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', model.Files.Select(static file => $"{file.Name} {file.Sha256}"))));
        return System.IO.Path.Combine(Path, reference.Owner, reference.Repository, Convert.ToHexStringLower(content)[..16]);
    }

    /// <summary>Removes what pulls of earlier contents of the same files have left unfinished, which nothing will go on with. Under the repository's lock.</summary>
    internal static void Clear(string target, HubModel model, string partSuffix)
    {
        foreach (var other in Folders(System.IO.Path.GetDirectoryName(target)!).Where(other => other != target && Read(other) is null))
        {
            if (model.Files.Any(file => File.Exists(System.IO.Path.Combine(other, file.Name)) || File.Exists(System.IO.Path.Combine(other, file.Name + partSuffix))))
            {
                Directory.Delete(other, recursive: true);
            }
        }
    }

    /// <summary>Folders in one, less what may not be read and what goes meanwhile: a volume has some of its own.</summary>
    private static string[] Folders(string path)
    {
        try
        {
            return Directory.GetDirectories(path, "*", new EnumerationOptions { IgnoreInaccessible = true });
        }
        catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The model in a folder, or null where it is not complete.</summary>
    internal static PulledModel? Read(string folder)
    {
        try
        {
            var read = JsonSerializer.Deserialize<PulledModel>(File.ReadAllBytes(System.IO.Path.Combine(folder, RecordName)), Json);
            return read is { Version: 1, Files.Count: > 0 } && read.Files.All(file => new FileInfo(System.IO.Path.Combine(folder, file.Name)) is { Exists: true } there && there.Length == file.Bytes)
                ? read with { Folder = folder }
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Says that a model is complete; a reader sees all of the record or nothing.</summary>
    internal static void Write(PulledModel model)
    {
        var draft = System.IO.Path.Combine(model.Folder, $"{RecordName}.{Environment.ProcessId}");
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(model, Json));
        File.Move(draft, System.IO.Path.Combine(model.Folder, RecordName), overwrite: true);
    }

    /// <summary>Keeps other processes from bringing files of a repository; waits while another does. It ends with the process at the latest.</summary>
    /// <param name="reference">Of the repository.</param>
    /// <param name="waits">Told once when another has it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<IDisposable> Lock(HubReference reference, Action waits, CancellationToken cancellationToken)
    {
        var folder = System.IO.Path.Combine(Path, reference.Owner, reference.Repository);
        Directory.CreateDirectory(folder);
        for (var told = false; ; told = true)
        {
            try
            {
                return new FileStream(System.IO.Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.HResult is SharingViolation or WouldBlockOnLinux or WouldBlockOnMac)
            {
                if (!told)
                {
                    waits();
                }
            }

            await Task.Delay(LockLook, cancellationToken);
        }
    }
}
