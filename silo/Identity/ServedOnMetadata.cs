namespace Crescent.Silo.Identity;

/// <summary>On which address an endpoint is.</summary>
internal sealed record ServedOnMetadata(ServedOn On);
