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

    /// <summary>Branches, tags and commits at which it was found; null in records of before there were any, which are of <see cref="HubReference.Main"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Revisions { get; init; }

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

    /// <summary>What asks for it: <c>hf:ORG/REPO:NAME</c>, with a revision where it was never found at the main branch.</summary>
    [JsonIgnore]
    public string Reference => $"{HubReference.Scheme}{Repository}:{Name}{(IsOf(null) ? "" : "@" + Revisions![0])}";

    /// <summary>Whether it was found at a revision: a branch, a tag, or a commit by its first digits; null for the main branch.</summary>
    public bool IsOf(string? revision) =>
        (Revisions?.Contains(revision ?? HubReference.Main, StringComparer.Ordinal) ?? revision is null or HubReference.Main)
        || (revision is { Length: >= 7 } && revision.All(char.IsAsciiHexDigit) && (Revisions ?? [Commit]).Append(Commit).Any(known => known.StartsWith(revision, StringComparison.OrdinalIgnoreCase)));
}
