using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>What a source is known by: SHA-256 of its parts, so that no text is kept for it.</summary>
internal readonly record struct GrammarKey(UInt128 High, UInt128 Low)
{
    /// <summary>The key of a source; different ones have different keys for all that anybody can bring about.</summary>
    public static GrammarKey Of(GrammarSource source)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<int> lengths = [(int)source.Kind, source.Text.Length, source.Before.Length, source.After.Length];
        hash.AppendData(MemoryMarshal.AsBytes(lengths));
        hash.AppendData(MemoryMarshal.AsBytes(source.Text.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(source.Before.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes(source.After.AsSpan()));
        Span<UInt128> parts = stackalloc UInt128[2];
        hash.GetHashAndReset(MemoryMarshal.AsBytes(parts));
        return new GrammarKey(parts[0], parts[1]);
    }
}
