using System.Text.Json;
using Npgsql;
using Orleans.Storage;

namespace Crescent.Silo.Stores;

/// <summary>Grain storage in PostgreSQL: a row a grain, its state as JSON. ETags refuse a write that builds on an older state.</summary>
/// <param name="data">The database; its tables are there.</param>
/// <param name="serviceId">Whose states.</param>
internal sealed class PostgresGrainStorage(NpgsqlDataSource data, string serviceId) : IGrainStorage
{
    private const int Version = 1;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Guarded(grainId, async () =>
    {
        await using var command = Command("SELECT version, etag, body FROM crescent_state WHERE service_id = $1 AND state = $2 AND grain = $3", stateName, grainId);
        await using var row = await command.ExecuteReaderAsync();
        grainState.RecordExists = await row.ReadAsync();
        if (!grainState.RecordExists)
        {
            grainState.ETag = null;
            grainState.State = Activator.CreateInstance<T>();
            return true;
        }

        if (row.GetInt32(0) != Version)
        {
            throw new InvalidDataException($"The state of {grainId} has version {row.GetInt32(0)}; this program reads {Version}.");
        }

        grainState.ETag = row.GetString(1);
        grainState.State = JsonSerializer.Deserialize<T>(row.GetString(2))!;
        return true;
    });

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Guarded(grainId, async () =>
    {
        var etag = Guid.NewGuid().ToString("n");
        await using var command = Command(
            grainState.ETag is null
                ? "INSERT INTO crescent_state (service_id, state, grain, version, etag, body) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
                : "UPDATE crescent_state SET version = $4, etag = $5, body = $6, changed = now() WHERE service_id = $1 AND state = $2 AND grain = $3 AND etag = $7",
            stateName,
            grainId);
        command.Parameters.AddWithValue(Version);
        command.Parameters.AddWithValue(etag);
        command.Parameters.AddWithValue(JsonSerializer.Serialize(grainState.State));
        if (grainState.ETag is { } known)
        {
            command.Parameters.AddWithValue(known);
        }

        await Changed(command, grainId, grainState.ETag);
        grainState.ETag = etag;
        grainState.RecordExists = true;
        return true;
    });

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Guarded(grainId, async () =>
    {
        if (grainState.ETag is { } known)
        {
            await using var command = Command("DELETE FROM crescent_state WHERE service_id = $1 AND state = $2 AND grain = $3 AND etag = $4", stateName, grainId);
            command.Parameters.AddWithValue(known);
            await Changed(command, grainId, known);
        }

        grainState.ETag = null;
        grainState.RecordExists = false;
        grainState.State = Activator.CreateInstance<T>();
        return true;
    });

    private static async Task Changed(NpgsqlCommand command, GrainId grain, string? known)
    {
        if (await command.ExecuteNonQueryAsync() == 0)
        {
            throw new InconsistentStateException($"The state of {grain} was written by another activation.", "another", known ?? "none");
        }
    }

    private NpgsqlCommand Command(string text, string stateName, GrainId grain)
    {
        var command = data.CreateCommand(text);
        command.Parameters.AddWithValue(serviceId);
        command.Parameters.AddWithValue(stateName);
        command.Parameters.AddWithValue(grain.ToString());
        return command;
    }

    private static Task<bool> Guarded(GrainId grain, Func<Task<bool>> work) => StoreException.Guard($"The state of {grain}", work);
}
