using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// Names the content of a full KV block: a hash over its tokens and over the hash of the block before it, so that equal hashes mean
/// equal histories. SHA-256 cut to 128 bits, because tenants share the cache and must not be able to make two histories collide.
/// </summary>
/// <param name="Value">The 128 bits.</param>
public readonly record struct BlockHash(UInt128 Value)
{
    // Odd, so that groups differ in the low bits by which blocks are found, and as good as random in all others.
    private static readonly UInt128 Spread = new(0x9E3779B97F4A7C15, 0xF39CC0605CEDC835);

    /// <summary>
    /// The hash before the first block: what separates caches whose blocks must never be shared.
    /// </summary>
    /// <param name="model">The model, with its file's identity.</param>
    /// <param name="kvType">How keys and values are stored.</param>
    /// <param name="salt">The tenant's salt; another salt finds none of the blocks.</param>
    public static BlockHash Root(string model, string kvType, string? salt = null)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];

        // Lengths keep "ab","c" apart from "a","bc".
        SHA256.HashData(Encoding.UTF8.GetBytes($"{model.Length}:{model}{kvType.Length}:{kvType}{salt?.Length ?? -1}:{salt}"), digest);
        return new BlockHash(BinaryPrimitives.ReadUInt128LittleEndian(digest));
    }

    /// <summary>
    /// Names what a group of layers keeps of the block: itself for the first group, which stands for the block's place in its history, another hash for each other.
    /// </summary>
    public BlockHash Of(int group) => new(Value ^ ((uint)group * Spread));

    /// <summary>
    /// The hash of the block with <paramref name="tokens"/> that follows the history of this hash. What is hashed is as long as the block, so that chains of
    /// different block sizes have no hash in common.
    /// </summary>
    public BlockHash Next(ReadOnlySpan<int> tokens)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, KvBlockSize.Most);
        Span<byte> input = stackalloc byte[16 + (tokens.Length * sizeof(int))];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteUInt128LittleEndian(input, Value);
        MemoryMarshal.AsBytes(tokens).CopyTo(input[16..]);
        SHA256.HashData(input, digest);
        return new BlockHash(BinaryPrimitives.ReadUInt128LittleEndian(digest));
    }
}
