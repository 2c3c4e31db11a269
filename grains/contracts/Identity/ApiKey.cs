using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Crescent.Grains.Contracts.Identity;

/// <summary>The text of a key: <see cref="Prefix"/> and 256 random bits in base64url.</summary>
public static class ApiKey
{
    /// <summary>What all begin with, so that they are known in a log or a repository.</summary>
    public const string Prefix = "crescent_";

    /// <summary>Bytes of randomness.</summary>
    public const int Bytes = 32;

    /// <summary>Bytes of a key's hash.</summary>
    public const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>A key that nobody has.</summary>
    public static string Fresh() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>SHA-256 of the key's text.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Whether <paramref name="text"/> has the form of a key.</summary>
    public static bool IsKey(string text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal)
        && Base64Url.IsValid(text.AsSpan(Prefix.Length), out var bytes)
        && bytes == Bytes;
}
