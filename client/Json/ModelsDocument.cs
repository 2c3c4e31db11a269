using Crescent.Grains.Contracts.Hub;

namespace Crescent.Client.Json;

/// <summary>The models that were brought from a hub, as <c>models list --json</c> writes them.</summary>
/// <param name="Folder">Where they are.</param>
/// <param name="Models">By name.</param>
internal sealed record ModelsDocument(string Folder, IReadOnlyList<ModelsDocument.ModelEntry> Models)
{
    public static ModelsDocument Of(ModelFolder folder) => new(folder.Path, [.. folder.List().Select(static model => new ModelEntry(
        model.Reference, model.Repository, model.Name, model.Commit, model.Revisions ?? [HubReference.Main, model.Commit], model.Bytes, model.File,
        [.. model.Files.Select(static file => new ModelPart(file.Name, file.Bytes, file.Sha256))], model.Pulled))]);

    /// <summary>A model.</summary>
    /// <param name="Reference">What asks for it, as <c>--model</c> takes it.</param>
    /// <param name="Repository"><c>ORG/REPO</c>.</param>
    /// <param name="Name">Its name among those of the repository.</param>
    /// <param name="Commit">At which it was found last.</param>
    /// <param name="Revisions">Branches, tags and commits at which it was found.</param>
    /// <param name="Bytes">Of all files.</param>
    /// <param name="File">The file to open; of a split one the first part.</param>
    /// <param name="Files">It, or its parts in order.</param>
    /// <param name="Pulled">When it was last brought, or found to be the newest.</param>
    internal sealed record ModelEntry(
        string Reference, string Repository, string Name, string Commit, IReadOnlyList<string> Revisions, long Bytes, string File, IReadOnlyList<ModelPart> Files, DateTimeOffset Pulled);

    /// <summary>A file of a model.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Bytes">Its length.</param>
    /// <param name="Sha256">Its checksum.</param>
    internal sealed record ModelPart(string Name, long Bytes, string Sha256);
}
