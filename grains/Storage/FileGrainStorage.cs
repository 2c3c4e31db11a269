using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orleans.Storage;

namespace Crescent.Grains.Storage;

/// <summary>
/// Grain storage in a folder that all silos of a machine share: a file a grain, written beside it, flushed to the disk and put in its place by an atomic rename, so that a
/// process or machine that dies leaves the old state or the new one. A lock file parts writers of all processes, and ETags refuse one that builds on an older state.
/// </summary>
/// <param name="folder">The folder; made when it is not there.</param>
public sealed class FileGrainStorage(string folder) : IGrainStorage, IDisposable
{
    /// <summary>A writer that does not get the lock for this long fails.</summary>
    public static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    private const int MaxPlainName = 100;

    // States hold JSON as text: each of its quotes would be six characters.
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Lock files are never removed: one that a writer still holds would be another file for the next.
    private const int LockFiles = 64;

    private readonly StorageThread _thread = new("Crescent storage");
    private readonly string _folder = Path.GetFullPath(folder);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var file = await _thread.Do(() => Read<T>(PathOf(stateName, grainId)));
        grainState.RecordExists = file is not null;
        grainState.ETag = file?.ETag;
        grainState.State = file is null ? Activator.CreateInstance<T>() : file.State;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var (known, state) = (grainState.ETag, grainState.State!);
        grainState.ETag = await _thread.Do(() => Locked(PathOf(stateName, grainId), path =>
        {
            Check<T>(path, known);
            var etag = Guid.NewGuid().ToString("n");
            var draft = path + ".draft";
            using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                JsonSerializer.Serialize(file, new StoredFile<T>(1, grainId.ToString(), etag, state), Json);
                file.Flush(flushToDisk: true);
            }

            File.Move(draft, path, overwrite: true);
            return etag;
        }));
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var known = grainState.ETag;
        await _thread.Do(() => Locked(PathOf(stateName, grainId), path =>
        {
            Check<T>(path, known);
            File.Delete(path);
            return true;
        }));
        grainState.RecordExists = false;
        grainState.ETag = null;
        grainState.State = Activator.CreateInstance<T>();
    }

    public void Dispose() => _thread.Dispose();

    private static StoredFile<T>? Read<T>(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return JsonSerializer.Deserialize<StoredFile<T>>(file) is { Version: 1 } stored
                ? stored
                : throw new InvalidDataException($"{path} has another version than 1, which this program reads.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} holds no state of a grain ({e.Message}); put it right or take it away.", e);
        }
    }

    private static void Check<T>(string path, string? known)
    {
        var found = Read<T>(path)?.ETag;
        if (found != known)
        {
            throw new InconsistentStateException($"{path} was written by another activation.", found ?? "none", known ?? "none");
        }
    }

    private static T Locked<T>(string path, Func<string, T> work)
    {
        var folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        var lockFile = Path.Combine(folder, $".lock-{Stripe(path)}");
        var deadline = DateTime.UtcNow + LockTimeout;
        while (true)
        {
            FileStream held;
            try
            {
                held = new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
            {
                if (DateTime.UtcNow > deadline)
                {
                    throw new IOException($"{lockFile} stayed held for {LockTimeout.TotalSeconds:0} s: {e.Message}", e);
                }

                Thread.Sleep(2);
                continue;
            }

            using (held)
            {
                return work(path);
            }
        }
    }

    private static int Stripe(string path) => path.Aggregate(17, static (hash, letter) => unchecked((hash * 31) + letter)) & (LockFiles - 1);

    /// <summary>A name that any file system takes and two grains never share, also where upper and lower case are one.</summary>
    internal static string NameOf(string key)
    {
        var plain = IsPlain(key) && !key.Any(char.IsAsciiLetterUpper);
        return plain ? key.Replace('/', '_') : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
    }

    private static bool IsPlain(string key) => key.Length <= MaxPlainName && key.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '/');

    private string PathOf(string stateName, GrainId grain)
    {
        var key = grain.ToString();
        var path = Path.Combine(_folder, stateName, NameOf(key) + ".json");
        if (IsPlain(key) && key.Any(char.IsAsciiLetterUpper))
        {
            Adopt(key, Path.Combine(_folder, stateName, key.Replace('/', '_') + ".json"), path);
        }

        return path;
    }

    /// <summary>Takes over a file from when upper-case letters stood in names.</summary>
    private static void Adopt(string key, string from, string to)
    {
        try
        {
            if (!File.Exists(to) && File.Exists(from) && JsonSerializer.Deserialize<StoredFile<JsonElement>>(File.ReadAllText(from))?.Grain == key)
            {
                File.Move(from, to);
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            // Another has taken it over, or it is nobody's.
        }
    }

    private sealed record StoredFile<T>(int Version, string Grain, string ETag, T State);
}
