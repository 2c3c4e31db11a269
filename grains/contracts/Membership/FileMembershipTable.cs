using System.Text.Json;

namespace Crescent.Grains.Contracts.Membership;

/// <summary>
/// Cluster membership in one JSON file for silos that share a machine: no primary, no service, any process may be killed. A writer
/// holds an exclusive lock file (released by the operating system when its process dies) and replaces the table by an atomic rename,
/// so a reader needs no lock and sees a whole table. ETags refuse a write that is based on an older table. Each table remembers the
/// newest state that it has seen: one whose file is damaged, lost or put back to an older state is mended by the next of its silos that looks.
/// </summary>
/// <param name="path">Path of the file; every run of a cluster needs a file of its own.</param>
public sealed class FileMembershipTable(string path) : IMembershipTable
{
    /// <summary>A writer that does not get the lock for this long fails, and so does one that finds a damaged file which nobody mends.</summary>
    public static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

    private readonly string _path = System.IO.Path.GetFullPath(path);
    private readonly RememberedTable _memory = new();

    /// <summary>Full path of the file.</summary>
    public string Path => _path;

    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(_path)!);
        await WaitForMending();
        await Write(static table => true);
    }

    public Task DeleteMembershipTableEntries(string clusterId)
    {
        _memory.Forget();
        File.Delete(_path);
        return Task.CompletedTask;
    }

    /// <summary>Writes the file anew where it is damaged, lost or older than what this table has seen.</summary>
    /// <returns>The table's version now.</returns>
    public async Task<int> Mend()
    {
        if (await ReadFile() is not { Table: { } table } || _memory.IsNewerThan(table))
        {
            await Write(static table => false);
        }

        return (await Read()).Version;
    }

    /// <summary>Declares silos dead whose end is known for certain: their processes are gone.</summary>
    /// <returns>False when all of them were dead already, or none is in the table.</returns>
    public Task<bool> DeclareDead(Predicate<SiloAddress> gone) => Write(table =>
    {
        var changed = false;
        for (var i = 0; i < table.Members.Count; i++)
        {
            var row = table.Members[i];
            if (!row.IsDead && gone(SiloAddress.FromParsableString(row.Silo)))
            {
                table.Members[i] = row with { Status = nameof(SiloStatus.Dead), ETag = MemberRow.NewETag() };
                changed = true;
            }
        }

        if (changed)
        {
            table.Advance(table.Version + 1);
        }

        return changed;
    });

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

    /// <summary>The newest table that is known.</summary>
    private async Task<MemberTable> Read()
    {
        var (table, fault) = await ReadFile();
        return _memory.Newest(table) ?? (fault is null
            ? new MemberTable()
            : throw new InvalidDataException($"{_path} is no membership table ({fault}); delete it while no silo runs."));
    }

    /// <summary>What the file holds: no table and no fault when there is no file.</summary>
    private async Task<(MemberTable? Table, string? Fault)> ReadFile()
    {
        try
        {
            return (MemberTable.Parse(await File.ReadAllBytesAsync(_path)), null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, null);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            return (null, e.Message);
        }
    }

    /// <summary>Gives the silos of a cluster time to mend its file, before one that wants to join finds it damaged.</summary>
    private async Task WaitForMending()
    {
        var deadline = DateTime.UtcNow + LockTimeout;
        while (DateTime.UtcNow < deadline && await ReadFile() is { Fault: not null })
        {
            await Task.Delay(BetweenLooks);
        }
    }

    /// <summary>Runs <paramref name="change"/> on the newest table under the lock and keeps the result if it says so, or if the file needs mending.</summary>
    private async Task<bool> Write(Func<MemberTable, bool> change)
    {
        await using var held = await Lock();
        var (file, _) = await ReadFile();
        var mends = file is null || _memory.IsNewerThan(file);
        var table = await Read();
        var changed = change(table);
        if (!changed && !mends)
        {
            return false;
        }

        var bytes = table.ToBytes();
        var draft = _path + ".draft";
        await File.WriteAllBytesAsync(draft, bytes);
        File.Move(draft, _path, overwrite: true);
        _memory.Take(table.Version, bytes);
        return changed;
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
