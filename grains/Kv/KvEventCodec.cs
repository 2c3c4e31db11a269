using System.Buffers.Binary;
using Crescent.Engine.Kv;

namespace Crescent.Grains.Kv;

/// <summary>Cache events and block hashes as bytes, since arrays of structures are slow to serialise: a hash is 16 bytes, little endian; an event a hash and its kind.</summary>
internal static class KvEventCodec
{
    public const int HashBytes = 16;
    public const int EventBytes = HashBytes + 1;

    public static void Write(KvEvent change, Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, change.Hash.Value);
        bytes[HashBytes] = (byte)change.Kind;
    }

    public static KvEvent[] ReadEvents(ReadOnlySpan<byte> bytes)
    {
        var events = new KvEvent[bytes.Length / EventBytes];
        for (var i = 0; i < events.Length; i++)
        {
            var at = bytes.Slice(i * EventBytes, EventBytes);
            events[i] = new KvEvent((KvEventKind)at[HashBytes], new BlockHash(BinaryPrimitives.ReadUInt128LittleEndian(at)));
        }

        return events;
    }

    public static byte[] WriteHashes(ReadOnlySpan<BlockHash> hashes)
    {
        var bytes = new byte[hashes.Length * HashBytes];
        for (var i = 0; i < hashes.Length; i++)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(i * HashBytes), hashes[i].Value);
        }

        return bytes;
    }

    public static void ReadHashes(ReadOnlySpan<byte> bytes, Span<BlockHash> hashes)
    {
        for (var i = 0; i < bytes.Length / HashBytes; i++)
        {
            hashes[i] = new BlockHash(BinaryPrimitives.ReadUInt128LittleEndian(bytes[(i * HashBytes)..]));
        }
    }
}
