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
    public Task<bool> DeclareDead(Predicate<SiloAddress> gone) => Write(table => table.DeclareDead(row => gone(SiloAddress.FromParsableString(row.Silo))));

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Write(table => table.Forget(beforeDate));

    public async Task<MembershipTableData> ReadAll() => (await Read()).ToData();

    public async Task<MembershipTableData> ReadRow(SiloAddress key) => (await Read()).ToData(key);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => Write(table => table.Insert(entry, tableVersion));

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => Write(table => table.Update(entry, etag, tableVersion));

    public Task UpdateIAmAlive(MembershipEntry entry) => Write(table => table.NoteAlive(entry));

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
