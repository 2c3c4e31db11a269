using System.Text.Json;

namespace Crescent.Grains.Contracts.Membership;

/// <summary>
/// Cluster membership as one JSON document, as a <see cref="FileMembershipTable"/> or a row of a database holds it, with what Orleans does to it. ETags refuse a change that is
/// based on an older table.
/// </summary>
public sealed class MemberTable
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Grows with every change of a row, but not with heartbeats.</summary>
    public int Version { get; set; }

    /// <summary>Changes with <see cref="Version"/>.</summary>
    public string ETag { get; set; } = "0";

    /// <summary>One for each start of a silo.</summary>
    public List<MemberRow> Members { get; set; } = [];

    /// <summary>Reads what <see cref="ToBytes"/> gave.</summary>
    /// <exception cref="JsonException">It is not JSON, or not of this form.</exception>
    /// <exception cref="InvalidDataException">It is JSON but no table.</exception>
    public static MemberTable Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<MemberTable>(json, Json) is { ETag: not null, Members: not null } table
        && table.Members.TrueForAll(static row => row is not null)
        ? table
        : throw new InvalidDataException("It has no members.");

    /// <summary>The document.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>Adds a silo.</summary>
    /// <returns>False where it is there, or the table has changed since it was read.</returns>
    public bool Insert(MembershipEntry entry, TableVersion version)
    {
        var row = MemberRow.From(entry);
        if (ETag != version.VersionEtag || Members.Exists(m => m.Silo == row.Silo))
        {
            return false;
        }

        Members.Add(row);
        Advance(version.Version);
        return true;
    }

    /// <summary>Changes a silo's row.</summary>
    /// <returns>False where it is not there, or it or the table have changed since they were read.</returns>
    public bool Update(MembershipEntry entry, string etag, TableVersion version)
    {
        var row = MemberRow.From(entry);
        var at = Members.FindIndex(m => m.Silo == row.Silo);
        if (at < 0 || ETag != version.VersionEtag || Members[at].ETag != etag)
        {
            return false;
        }

        Members[at] = row;
        Advance(version.Version);
        return true;
    }

    /// <summary>Notes the time only: neither the row's ETag nor the table's version moves, so it never spoils another's update.</summary>
    /// <returns>False where the silo is not there.</returns>
    public bool NoteAlive(MembershipEntry entry)
    {
        var silo = entry.SiloAddress.ToParsableString();
        var at = Members.FindIndex(m => m.Silo == silo);
        if (at >= 0)
        {
            Members[at] = Members[at] with { IAmAliveTime = entry.IAmAliveTime };
        }

        return at >= 0;
    }

    /// <summary>Declares silos dead.</summary>
    /// <returns>False when all of them were dead already, or none is in the table.</returns>
    public bool DeclareDead(Predicate<MemberRow> gone)
    {
        var changed = false;
        for (var i = 0; i < Members.Count; i++)
        {
            if (!Members[i].IsDead && gone(Members[i]))
            {
                Members[i] = Members[i] with { Status = nameof(SiloStatus.Dead), ETag = MemberRow.NewETag() };
                changed = true;
            }
        }

        if (changed)
        {
            Advance(Version + 1);
        }

        return changed;
    }

    /// <summary>Forgets silos that have been dead since before a time.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Forget(DateTimeOffset before) => Members.RemoveAll(m => m.IsDead && m.IAmAliveTime < before.UtcDateTime) > 0;

    /// <summary>What Orleans reads: all rows, or that of one silo.</summary>
    public MembershipTableData ToData(SiloAddress? silo = null)
    {
        var wanted = silo?.ToParsableString();
        return new MembershipTableData(
            Members.FindAll(m => wanted is null || m.Silo == wanted).ConvertAll(static m => Tuple.Create(m.ToEntry(), m.ETag)),
            new TableVersion(Version, ETag));
    }

    internal void Advance(int version)
    {
        Version = version;
        ETag = MemberRow.NewETag();
    }
}
