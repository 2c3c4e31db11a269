using System.Text.Json;

namespace Crescent.Grains.Contracts.Membership;

/// <summary>The whole of a <see cref="FileMembershipTable"/>, as its file holds it.</summary>
internal sealed class MemberTable
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Grows with every change of a row, but not with heartbeats.</summary>
    public int Version { get; set; }

    /// <summary>Changes with <see cref="Version"/>.</summary>
    public string ETag { get; set; } = "0";

    public List<MemberRow> Members { get; set; } = [];

    /// <summary>Reads what <see cref="ToBytes"/> gave.</summary>
    /// <exception cref="JsonException">It is not JSON, or not of this form.</exception>
    /// <exception cref="InvalidDataException">It is JSON but no table.</exception>
    public static MemberTable Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<MemberTable>(json, Json) is { ETag: not null, Members: not null } table
        && table.Members.TrueForAll(static row => row is not null)
        ? table
        : throw new InvalidDataException("It has no members.");

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    public void Advance(int version)
    {
        Version = version;
        ETag = MemberRow.NewETag();
    }
}
