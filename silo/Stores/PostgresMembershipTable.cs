using System.Text;
using Crescent.Grains.Contracts.Membership;
using Npgsql;

namespace Crescent.Silo.Stores;

/// <summary>
/// The membership of a cluster in one row: the twin of <see cref="FileMembershipTable"/>. A writer locks the row, and readers see the last that was written.
/// </summary>
/// <param name="data">The database; its tables are there.</param>
/// <param name="clusterId">The row.</param>
internal sealed class PostgresMembershipTable(NpgsqlDataSource data, string clusterId) : IMembershipTable
{
    public Task InitializeMembershipTable(bool tryInitTableVersion) => Guarded(async () =>
    {
        await using var command = data.CreateCommand("INSERT INTO crescent_cluster (cluster_id, members) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        command.Parameters.AddWithValue(clusterId);
        command.Parameters.AddWithValue(Json(new MemberTable()));
        await command.ExecuteNonQueryAsync();
        return true;
    });

    public Task DeleteMembershipTableEntries(string clusterId) => Guarded(async () =>
    {
        await using var command = data.CreateCommand("DELETE FROM crescent_cluster WHERE cluster_id = $1");
        command.Parameters.AddWithValue(clusterId);
        return await command.ExecuteNonQueryAsync();
    });

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => Write(table => table.Forget(beforeDate));

    public async Task<MembershipTableData> ReadAll() => (await Read()).ToData();

    public async Task<MembershipTableData> ReadRow(SiloAddress key) => (await Read()).ToData(key);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => Write(table => table.Insert(entry, tableVersion));

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => Write(table => table.Update(entry, etag, tableVersion));

    public Task UpdateIAmAlive(MembershipEntry entry) => Write(table => table.NoteAlive(entry));

    private static string Json(MemberTable table) => Encoding.UTF8.GetString(table.ToBytes());

    private Task<MemberTable> Read() => Guarded(async () =>
    {
        await using var command = data.CreateCommand("SELECT members FROM crescent_cluster WHERE cluster_id = $1");
        command.Parameters.AddWithValue(clusterId);
        return Parse(await command.ExecuteScalarAsync());
    });

    /// <summary>Runs <paramref name="change"/> on the table, which nobody else changes meanwhile, and keeps the result if it says so.</summary>
    private Task<bool> Write(Func<MemberTable, bool> change) => Guarded(async () =>
    {
        await using var connection = await data.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var read = new NpgsqlCommand("SELECT members FROM crescent_cluster WHERE cluster_id = $1 FOR UPDATE", connection, transaction);
        read.Parameters.AddWithValue(clusterId);
        var table = Parse(await read.ExecuteScalarAsync());
        if (!change(table))
        {
            return false;
        }

        await using var write = new NpgsqlCommand("UPDATE crescent_cluster SET members = $2, changed = now() WHERE cluster_id = $1", connection, transaction);
        write.Parameters.AddWithValue(clusterId);
        write.Parameters.AddWithValue(Json(table));
        var written = await write.ExecuteNonQueryAsync() > 0;
        await transaction.CommitAsync();
        return written;
    });

    private static MemberTable Parse(object? json) => json is string text ? MemberTable.Parse(Encoding.UTF8.GetBytes(text)) : new MemberTable();

    private static Task<T> Guarded<T>(Func<Task<T>> work) => StoreException.Guard("The membership", work);
}
