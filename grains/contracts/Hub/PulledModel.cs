using System.Text.Json.Serialization;

namespace Crescent.Grains.Contracts.Hub;

/// <summary>A model that was brought from a hub: what <c>pulled.json</c> beside its files says, which is written when all of them are there and right.</summary>
public sealed record PulledModel
{
    /// <summary>Of this record.</summary>
    public int Version { get; init; } = 1;

    /// <summary><c>ORG/REPO</c>.</summary>
    public required string Repository { get; init; }

    /// <summary>Name of the model among those of the repository.</summary>
    public required string Name { get; init; }

    /// <summary>The commit that it was found at.</summary>
    public required string Commit { get; init; }

    /// <summary>It, or its parts in order.</summary>
    public required IReadOnlyList<HubFile> Files { get; init; }

    /// <summary>When it was last brought, or found to be the newest.</summary>
    public required DateTimeOffset Pulled { get; init; }

    /// <summary>Where its files are.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";

    /// <summary>The file to open; of a split one the first part.</summary>
    [JsonIgnore]
    public string File => Path.Combine(Folder, Files[0].Name);

    /// <summary>Length of all files.</summary>
    [JsonIgnore]
    public long Bytes => Files.Sum(static file => file.Bytes);

    /// <summary>What asks for it: <c>hf:ORG/REPO:NAME</c>.</summary>
    [JsonIgnore]
    public string Reference => $"{HubReference.Scheme}{Repository}:{Name}";
}
