using Crescent.Grains.Contracts.Local;

namespace Crescent.Grains.Contracts.Identity;

/// <summary>Where a key file is. A change replaces it by an atomic rename, one writer after the other: a reader sees a whole file.</summary>
/// <param name="path">Path of the file.</param>
public sealed class KeyStore(string path)
{
    /// <summary>A writer that does not get the lock for so long fails.</summary>
    public static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Longest file that is read, bytes.</summary>
    public const int MaxBytes = 64 << 20;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);

    /// <summary>Where the file is unless it is said.</summary>
    public static string DefaultPath => System.IO.Path.Combine(LocalCluster.HomeFolder, KeyFile.FileName);

    /// <summary>Full path of the file.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>What changes whenever the file does; null while there is none.</summary>
    public (DateTime Written, long Length)? Mark
    {
        get
        {
            // Through links: a secret that is mounted changes by its link's target.
            var file = new FileInfo(Path);
            var target = file.Exists && file.ResolveLinkTarget(returnFinalTarget: true) is FileInfo final ? final : file;
            return target.Exists ? (target.LastWriteTimeUtc, target.Length) : null;
        }
    }

    /// <summary>Reads it.</summary>
    /// <exception cref="KeyFileException">There is none, or it is damaged.</exception>
    public KeyFile Read()
    {
        try
        {
            var length = new FileInfo(Path).Length;
            return length <= MaxBytes ? KeyFile.Parse(File.ReadAllBytes(Path), Path) : throw new KeyFileException($"{Path} has {length} bytes; a key file has {MaxBytes} at most.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new KeyFileException($"There is no key file {Path}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException($"The key file {Path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Replaces it by what <paramref name="change"/> makes of it; of a file without keys where there is none.</summary>
    /// <exception cref="KeyFileException">It cannot be read or written, or another writer holds it.</exception>
    public async Task Change(Func<KeyFile, KeyFile> change, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            await using var held = await Lock(cancellationToken);
            var file = change(File.Exists(Path) ? Read() : new KeyFile());
            var draft = $"{Path}.draft";
            File.Delete(draft);
            await using (var stream = new FileStream(draft, OwnersAlone(FileMode.CreateNew)))
            await using (var text = new StreamWriter(stream))
            {
                await text.WriteLineAsync(file.ToJson());
            }

            File.Move(draft, Path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException($"The key file {Path} cannot be written: {e.Message}", e);
        }
    }

    private async Task<FileStream> Lock(CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream($"{Path}.lock", OwnersAlone(FileMode.OpenOrCreate));
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(began) < LockTimeout)
            {
                await Task.Delay(BetweenLooks, cancellationToken);
            }
        }
    }

    private static FileStreamOptions OwnersAlone(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
