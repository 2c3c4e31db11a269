using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Grains.Contracts.Identity;

/// <summary>
/// The keys that a cluster takes, and the terms of their tenants, as they stand in a file: by default <c>~/.crescent/keys.json</c>, read and written by its
/// owner alone. No key can be made out of it.
/// </summary>
public sealed record KeyFile
{
    /// <summary>Version of the file's format.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Name of the file in the home folder of Crescent.</summary>
    public const string FileName = "keys.json";

    /// <summary>Keys that a file may have.</summary>
    public const int MaxKeys = 100_000;

    /// <summary>Longest name of a key or a tenant, in characters.</summary>
    public const int MaxNameLength = 64;

    /// <summary>What a name takes.</summary>
    public const string NameTakes = "1 to 64 letters, digits, '-', '_' and '.', one of them a letter or digit";

    /// <summary>Format of the file.</summary>
    [JsonRequired]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Terms of tenants, by name; those of others are <see cref="TenantTerms.Unlimited"/>.</summary>
    public IReadOnlyDictionary<string, TenantTerms> Tenants { get; init; } = new Dictionary<string, TenantTerms>();

    /// <summary>The keys.</summary>
    [JsonRequired]
    public IReadOnlyList<KeyEntry> Keys { get; init; } = [];

    /// <summary>The file as text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, KeyFileJson.Default.KeyFile);

    /// <summary>Whose a front end's own requests are.</summary>
    public const string ReservedTenant = "warm-up";

    /// <summary>Reads <paramref name="json"/>.</summary>
    /// <param name="json">The file's text.</param>
    /// <param name="path">Named in the error.</param>
    /// <exception cref="KeyFileException">It is no key file, or of a version that is not known.</exception>
    public static KeyFile Parse(ReadOnlySpan<byte> json, string path)
    {
        KeyFile file;
        try
        {
            var version = JsonSerializer.Deserialize(json, KeyFileJson.Default.VersionOnly)?.Version;
            if (version != CurrentVersion)
            {
                throw new KeyFileException($"{path} is a key file of version {version?.ToString() ?? "none"}; this program reads version {CurrentVersion}.");
            }

            file = JsonSerializer.Deserialize(json, KeyFileJson.Default.KeyFile)!;
        }
        catch (JsonException e)
        {
            throw new KeyFileException($"{path} is not a key file: {e.Message}", e);
        }

        return file.Problem() is { } problem ? throw new KeyFileException($"{path}: {problem}.") : file;
    }

    /// <summary>Whether a key or a tenant may be called <paramref name="name"/>.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength
        && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        && name.Any(char.IsAsciiLetterOrDigit);

    /// <summary>The first thing that is wrong, or null.</summary>
    private string? Problem()
    {
        if (Keys.Count > MaxKeys)
        {
            return $"it has {Keys.Count} keys; a file may have {MaxKeys}";
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var hashes = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var key in Keys)
        {
            if (key is null)
            {
                return "one of its keys is null";
            }

            var wrong = !IsName(key.Name) ? $"the name '{key.Name}' takes {NameTakes}"
                : !names.Add(key.Name) ? $"there are two keys '{key.Name}'"
                : key.Tenant == ReservedTenant ? $"the tenant '{ReservedTenant}' of key '{key.Name}' is the front end's own"
                : !IsName(key.Tenant) ? $"the tenant '{key.Tenant}' of key '{key.Name}' takes {NameTakes}"
                : !IsHash(key.Sha256) ? $"sha256 of key '{key.Name}' takes {2 * ApiKey.HashBytes} hexadecimal digits"
                : !hashes.Add(key.Sha256) ? $"key '{key.Name}' has the same sha256 as another"
                : !Enum.IsDefined(key.Role) ? $"the role of key '{key.Name}' takes user or admin"
                : null;
            if (wrong is not null)
            {
                return wrong;
            }
        }

        foreach (var (tenant, terms) in Tenants)
        {
            if (!IsName(tenant))
            {
                return $"the tenant '{tenant}' takes {NameTakes}";
            }

            if (terms is null)
            {
                return $"tenant '{tenant}' is null; leave it out to let what goes for all go for it";
            }

            if (terms.Problems().FirstOrDefault() is { } wrong)
            {
                return $"tenant '{tenant}': {wrong}";
            }
        }

        return null;
    }

    private static bool IsHash(string text) => text.Length == 2 * ApiKey.HashBytes && text.All(char.IsAsciiHexDigit);
}
