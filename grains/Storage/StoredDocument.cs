namespace Crescent.Grains.Storage;

/// <summary>The state of a grain as any storage keeps it: one JSON document whose form and version are the grain's own matter.</summary>
[GenerateSerializer, Alias("Crescent.StoredDocument")]
public sealed class StoredDocument
{
    /// <summary>The document; empty for none.</summary>
    [Id(0)] public string Json { get; set; } = "";
}
