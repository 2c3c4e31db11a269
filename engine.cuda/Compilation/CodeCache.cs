namespace Crescent.Engine.Cuda.Compilation;

/// <summary>Compiled kernels on disk, by what they depend on; a file that cannot be read or written costs a compilation and no more.</summary>
/// <param name="folder">Where they lie; made when it is first needed.</param>
internal sealed class CodeCache(string folder)
{
    /// <summary>Where they lie unless something else is said: <c>crescent/kernels</c> in the user's cache.</summary>
    public static string DefaultFolder
    {
        get
        {
            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var root = !string.IsNullOrEmpty(cache) ? cache
                : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : home.Length > 0 ? Path.Combine(home, ".cache") : Path.GetTempPath();
            return Path.Combine(root, "crescent", "kernels");
        }
    }

    /// <summary>Why the last code could not be kept; null when it was.</summary>
    public string? Fault { get; private set; }

    /// <summary>The code of a hash, or null.</summary>
    public byte[]? Find(string hash)
    {
        try
        {
            var path = PathOf(hash);
            return File.Exists(path) ? File.ReadAllBytes(path) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Fault = $"Compiled kernels cannot be read from {folder}: {fault.Message}";
            return null;
        }
    }

    /// <summary>Keeps code.</summary>
    public void Keep(string hash, byte[] code)
    {
        try
        {
            Directory.CreateDirectory(folder);

            // Others may do the same at once: each file appears whole.
            var draft = Path.Combine(folder, Path.GetRandomFileName());
            File.WriteAllBytes(draft, code);
            File.Move(draft, PathOf(hash), overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Fault = $"Compiled kernels cannot be kept in {folder}: {fault.Message}";
        }
    }

    private string PathOf(string hash) => Path.Combine(folder, hash + ".cubin");
}
