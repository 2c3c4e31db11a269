namespace Crescent.Grains.Contracts.Identity;

/// <summary>A key as the key file knows it: everything but the key.</summary>
/// <param name="Name">Unique in the file: for lists, logs and removal.</param>
/// <param name="Sha256">SHA-256 of the key's text, 64 hexadecimal digits. A key is 256 random bits: there is nothing to guess, so nothing slower is needed.</param>
/// <param name="Role">What it opens.</param>
/// <param name="Tenant">Whose requests those with this key are.</param>
/// <param name="Created">When it was made.</param>
public sealed record KeyEntry(string Name, string Sha256, KeyRole Role, string Tenant, DateTimeOffset Created);
