namespace Crescent.Grains.Contracts.Hub;

/// <summary>A file of a repository, as the hub lists it.</summary>
/// <param name="Path">Where it lies in the repository, such as <c>Q4_K_M/model-00001-of-00002.gguf</c>.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Of its content, 64 hexadecimal digits in lower case.</param>
public sealed record HubFile(string Path, long Bytes, string Sha256)
{
    /// <summary>Its name without the folders.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];
}
