using System.Text.Json;

namespace Crescent.Grains.Contracts.Membership;

/// <summary>
/// Cluster membership in one JSON file for silos that share a machine: no primary, no service, any process may be killed. A writer
/// holds an exclusive lock file (released by the operating system when its process dies) and replaces the table by an atomic rename,
/// so a reader needs no lock and sees a whole table. ETags refuse a write that is based on an older table.
/// </summary>
/// <param name="path">Path of the file; every run of a cluster needs a file of its own.</param>
public sealed class FileMembershipTable(string path) : IMembershipTable
{
    /// <summary>A writer that does not get the lock for this long fails.</summary>
    public static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private readonly string _path = System.IO.Path.GetFullPath(path);

    /// <summary>Full path of the file.</summary>
    public string Path => _path;

    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(_path)!);
        await Write(static table => true);
    }

    public Task DeleteMembershipTableEntries(string clusterId)
    {
        File.Delete(_path);
        return Task.CompletedTask;
    }

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Write(table =>
        table.Members.RemoveAll(m => m.Status == nameof(SiloStatus.Dead) && m.IAmAliveTime < beforeDate.UtcDateTime) > 0);

    public async Task<MembershipTableData> ReadAll() => ToData(await Read(), static _ => true);

    public async Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        var silo = key.ToParsableString();
        return ToData(await Read(), m => m.Silo == silo);
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => Write(table =>
    {
        var row = MemberRow.From(entry);
        if (table.ETag != tableVersion.VersionEtag || table.Members.Exists(m => m.Silo == row.Silo))
        {
            return false;
        }

        table.Members.Add(row);
        table.Advance(tableVersion.Version);
        return true;
    });

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => Write(table =>
    {
        var row = MemberRow.From(entry);
        var at = table.Members.FindIndex(m => m.Silo == row.Silo);
        if (at < 0 || table.ETag != tableVersion.VersionEtag || table.Members[at].ETag != etag)
        {
            return false;
        }

        table.Members[at] = row;
        table.Advance(tableVersion.Version);
        return true;
    });

    /// <summary>Writes the time only: neither the row's ETag nor the table's version moves, so it never spoils another's update.</summary>
    public Task UpdateIAmAlive(MembershipEntry entry) => Write(table =>
    {
        var silo = entry.SiloAddress.ToParsableString();
        var at = table.Members.FindIndex(m => m.Silo == silo);
        if (at >= 0)
        {
            table.Members[at] = table.Members[at] with { IAmAliveTime = entry.IAmAliveTime };
        }

        return at >= 0;
    });

    private static MembershipTableData ToData(MemberTable table, Predicate<MemberRow> wanted) => new(
        table.Members.FindAll(wanted).ConvertAll(m => Tuple.Create(m.ToEntry(), m.ETag)),
        new TableVersion(table.Version, table.ETag));

    private async Task<MemberTable> Read()
    {
        try
        {
            return JsonSerializer.Deserialize<MemberTable>(await File.ReadAllBytesAsync(_path), Json) ?? new MemberTable();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new MemberTable();
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{_path} is no membership table ({e.Message}); delete it while no silo runs.", e);
        }
    }

    /// <summary>Runs <paramref name="change"/> on the newest table under the lock and keeps the result if it says so.</summary>
    private async Task<bool> Write(Func<MemberTable, bool> change)
    {
        await using var held = await Lock();
        var table = await Read();
        if (!change(table) && File.Exists(_path))
        {
            return false;
        }

        var draft = _path + ".draft";
        await File.WriteAllBytesAsync(draft, JsonSerializer.SerializeToUtf8Bytes(table, Json));
        File.Move(draft, _path, overwrite: true);
        return true;
    }

    private async Task<FileStream> Lock()
    {
        var path = _path + ".lock";
        var deadline = DateTime.UtcNow + LockTimeout;
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
            {
                if (DateTime.UtcNow > deadline)
                {
                    throw new IOException($"{path} stayed locked for {LockTimeout.TotalSeconds:0} s: {e.Message}", e);
                }

                await Task.Delay(Random.Shared.Next(2, 12));
            }
        }
    }
}
