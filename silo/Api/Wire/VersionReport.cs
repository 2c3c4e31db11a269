namespace Crescent.Silo.Api.Wire;

/// <summary>What runs here.</summary>
/// <param name="Name">The product.</param>
/// <param name="Version">Its version.</param>
/// <param name="Runtime">Version of .NET.</param>
public sealed record VersionReport(string Name, string Version, string Runtime);
