using System.Net;
using Crescent.Silo.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Orleans.Storage;

namespace Crescent.Tests.Silo.Stores;

/// <summary>What a PostgreSQL of our own keeps: the same rules as those of the file.</summary>
public sealed class PostgresTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_that_is_based_on_an_older_table_is_refused_and_a_heartbeat_moves_nothing()
    {
        await using var server = await Started();
        await using var store = new PostgresStore(server.Connection, "one", "service");
        await store.Ask(Stop);
        await using var data = NpgsqlDataSource.Create(server.Connection);
        var table = new PostgresMembershipTable(data, "one");
        await table.InitializeMembershipTable(true);
        await table.InitializeMembershipTable(true);
        var empty = await table.ReadAll();
        Assert.True(await table.InsertRow(Entry(1, "a"), empty.Version.Next()));
        Assert.False(await table.InsertRow(Entry(2, "b"), empty.Version.Next()));
        var one = await table.ReadAll();
        var (entry, etag) = Assert.Single(one.Members);
        await table.UpdateIAmAlive(entry);
        Assert.Equal(one.Version.VersionEtag, (await table.ReadAll()).Version.VersionEtag);
        entry.Status = SiloStatus.Active;
        Assert.True(await table.UpdateRow(entry, etag, one.Version.Next()));
        Assert.False(await table.UpdateRow(entry, etag, one.Version.Next()));
        Assert.Equal(SiloStatus.Active, (await table.ReadRow(entry.SiloAddress)).Members[0].Item1.Status);
        Assert.Empty((await new PostgresMembershipTable(data, "another").ReadAll()).Members);
    }

    [Fact]
    public async Task A_silo_that_comes_again_declares_the_one_dead_that_had_its_name()
    {
        await using var server = await Started();
        await using var store = new PostgresStore(server.Connection, "one", "service");
        await store.Ask(Stop);
        await using var data = NpgsqlDataSource.Create(server.Connection);
        var table = new PostgresMembershipTable(data, "one");
        await table.InitializeMembershipTable(true);
        foreach (var (number, name) in new[] { (1, "device-1"), (2, "device-2"), (3, "device-1") })
        {
            Assert.True(await table.InsertRow(Entry(number, name), (await table.ReadAll()).Version.Next()));
        }

        await Namesakes.DeclareDead(table, "device-1", NullLogger.Instance, Stop);
        var now = await table.ReadAll();
        Assert.All(now.Members, static m => Assert.Equal(m.Item1.SiloName == "device-1" ? SiloStatus.Dead : SiloStatus.Joining, m.Item1.Status));
        await Namesakes.DeclareDead(table, "device-1", NullLogger.Instance, Stop);
        Assert.Equal(now.Version.Version, (await table.ReadAll()).Version.Version);
    }

    [Fact]
    public async Task A_state_is_kept_as_it_was_and_refuses_a_write_by_an_older_one()
    {
        await using var server = await Started();
        await using var store = new PostgresStore(server.Connection, "one", "service");
        await store.Ask(Stop);
        await using var data = NpgsqlDataSource.Create(server.Connection);
        var storage = new PostgresGrainStorage(data, "service");
        var grain = GrainId.Create("task", "a/b é");
        var written = new GrainState<Kept>(new Kept { Text = "quote \" and \0 and 😀" });
        await storage.WriteStateAsync("state", grain, written);
        var (read, other) = (new GrainState<Kept>(), new GrainState<Kept>());
        await storage.ReadStateAsync("state", grain, read);
        await storage.ReadStateAsync("state", grain, other);
        Assert.Equal((written.State!.Text, written.ETag), (read.State!.Text, read.ETag));
        await storage.WriteStateAsync("state", grain, read);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", grain, other));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", grain, new GrainState<Kept>(new Kept())));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("state", grain, other));
        await storage.ClearStateAsync("state", grain, read);
        Assert.False(read.RecordExists);
        await server.Kill();
        var fault = await Assert.ThrowsAsync<StoreException>(() => storage.ReadStateAsync("state", grain, read));
        Assert.Contains("cannot be read or written", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<StoreServer> Started()
    {
        var server = await StoreServer.Create("postgres");
        await server.Start();
        return server;
    }

    private static MembershipEntry Entry(int number, string name) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1000 + number), number),
        SiloName = name,
        HostName = "here",
        Status = SiloStatus.Joining,
        StartTime = DateTime.UnixEpoch,
        IAmAliveTime = DateTime.UnixEpoch,
    };

    internal sealed class Kept
    {
        public string Text { get; set; } = "";
    }
}
