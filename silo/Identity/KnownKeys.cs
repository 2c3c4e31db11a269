using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Crescent.Grains.Contracts.Identity;

namespace Crescent.Silo.Identity;

/// <summary>The keys of a key file as they are looked up, and the terms of their tenants.</summary>
internal sealed class KnownKeys
{
    /// <summary>Those of no file.</summary>
    public static readonly KnownKeys None = new(new KeyFile());

    // By the first eight bytes of the hash. What the time of a look-up tells of them is of no use: who could aim at a hash would have to turn SHA-256 round.
    private readonly FrozenDictionary<ulong, (byte[] Hash, Caller Caller)[]> _keys;
    private readonly FrozenDictionary<string, TenantTerms> _terms;

    public KnownKeys(KeyFile file)
    {
        Count = file.Keys.Count;
        _keys = file.Keys
            .Select(static key => (Hash: Convert.FromHexString(key.Sha256), Caller: new Caller(key.Name, key.Tenant, key.Role)))
            .GroupBy(static key => Start(key.Hash))
            .ToFrozenDictionary(static group => group.Key, static group => group.ToArray());
        _terms = file.Tenants.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>How many.</summary>
    public int Count { get; }

    /// <summary>Whose key has this hash; null for nobody's.</summary>
    public Caller? Find(ReadOnlySpan<byte> hash)
    {
        foreach (var (known, caller) in _keys.GetValueOrDefault(Start(hash)) ?? [])
        {
            if (CryptographicOperations.FixedTimeEquals(known, hash))
            {
                return caller;
            }
        }

        return null;
    }

    /// <summary>The terms that the file has for a tenant, or null.</summary>
    public TenantTerms? TermsOf(string tenant) => _terms.GetValueOrDefault(tenant);

    private static ulong Start(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash);
}
