using System.Text.Json.Serialization;

namespace Crescent.Grains.Contracts.Membership;

/// <summary>One silo in a <see cref="MemberTable"/>; the fields are those of <see cref="MembershipEntry"/>.</summary>
public sealed record MemberRow
{
    public required string Silo { get; init; }

    public required string Name { get; init; }

    public required string Host { get; init; }

    public required string Status { get; init; }

    public required int ProxyPort { get; init; }

    public string? Role { get; init; }

    public int UpdateZone { get; init; }

    public int FaultZone { get; init; }

    public DateTime StartTime { get; init; }

    public DateTime IAmAliveTime { get; init; }

    /// <summary>Who suspects it and since when.</summary>
    public IReadOnlyList<Suspicion> Suspicions { get; init; } = [];

    public required string ETag { get; init; }

    /// <summary>Whether the silo is gone for good.</summary>
    [JsonIgnore]
    public bool IsDead => Status == nameof(SiloStatus.Dead);

    /// <summary>An ETag that no other row has.</summary>
    public static string NewETag() => Guid.NewGuid().ToString("N");

    /// <summary>A row with a fresh ETag.</summary>
    public static MemberRow From(MembershipEntry entry) => new()
    {
        Silo = entry.SiloAddress.ToParsableString(),
        Name = entry.SiloName,
        Host = entry.HostName,
        Status = entry.Status.ToString(),
        ProxyPort = entry.ProxyPort,
        Role = entry.RoleName,
        UpdateZone = entry.UpdateZone,
        FaultZone = entry.FaultZone,
        StartTime = entry.StartTime,
        IAmAliveTime = entry.IAmAliveTime,
        Suspicions = [.. (entry.SuspectTimes ?? []).Select(s => new Suspicion(s.Item1.ToParsableString(), s.Item2))],
        ETag = NewETag(),
    };

    public MembershipEntry ToEntry() => new()
    {
        SiloAddress = SiloAddress.FromParsableString(Silo),
        SiloName = Name,
        HostName = Host,
        Status = Enum.TryParse<SiloStatus>(Status, out var status)
            ? status
            : throw new InvalidDataException($"Silo {Name} has the unknown status '{Status}'."),
        ProxyPort = ProxyPort,
        RoleName = Role,
        UpdateZone = UpdateZone,
        FaultZone = FaultZone,
        StartTime = StartTime,
        IAmAliveTime = IAmAliveTime,
        SuspectTimes = [.. Suspicions.Select(s => Tuple.Create(SiloAddress.FromParsableString(s.By), s.Since))],
    };

    /// <summary>A silo that suspects it.</summary>
    /// <param name="By">The other.</param>
    /// <param name="Since">Since when.</param>
    public readonly record struct Suspicion(string By, DateTime Since);
}
