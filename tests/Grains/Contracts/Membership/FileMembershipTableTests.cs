using System.Net;
using System.Net.Sockets;
using Crescent.Grains.Contracts.Membership;
using CsCheck;

namespace Crescent.Tests.Grains.Contracts.Membership;

public sealed class FileMembershipTableTests : IDisposable
{
    private readonly string _folder = Path.Combine(TestHome.Folder, $"membership-{Guid.NewGuid():N}");
    private readonly FileMembershipTable _table;

    public FileMembershipTableTests()
    {
        _table = new FileMembershipTable(Path.Combine(_folder, "run", "membership.json"));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_row_comes_back_as_it_was_written()
    {
        await _table.InitializeMembershipTable(true);
        var entry = Entry(1);
        entry.ProxyPort = 30_001;
        entry.RoleName = "role";
        entry.SuspectTimes = [Tuple.Create(Address(2), new DateTime(2026, 11, 23, 1, 2, 3, DateTimeKind.Utc))];
        Assert.True(await _table.InsertRow(entry, (await _table.ReadAll()).Version.Next()));
        var read = Assert.Single((await new FileMembershipTable(_table.Path).ReadAll()).Members).Item1;
        Assert.Equal(entry.ToFullString(), read.ToFullString());
        Assert.Equal(entry.SuspectTimes, read.SuspectTimes);
        Assert.Equal((entry.ProxyPort, entry.RoleName, entry.HostName), (read.ProxyPort, read.RoleName, read.HostName));
        Assert.Single((await _table.ReadRow(entry.SiloAddress)).Members);
        Assert.Empty((await _table.ReadRow(Address(9))).Members);
    }

    [Fact]
    public async Task A_write_based_on_an_older_table_is_refused_and_changes_nothing()
    {
        await _table.InitializeMembershipTable(true);
        var old = (await _table.ReadAll()).Version;
        Assert.True(await _table.InsertRow(Entry(1), old.Next()));
        Assert.False(await _table.InsertRow(Entry(2), old.Next()));
        var now = await _table.ReadAll();
        Assert.False(await _table.InsertRow(Entry(1), now.Version.Next()));
        Assert.False(await _table.UpdateRow(Entry(1), "another etag", now.Version.Next()));
        Assert.False(await _table.UpdateRow(Entry(2), now.Members[0].Item2, now.Version.Next()));
        Assert.True(await _table.UpdateRow(Entry(1), now.Members[0].Item2, now.Version.Next()));
        Assert.False(await _table.UpdateRow(Entry(1), now.Members[0].Item2, now.Version.Next()));
        Assert.Equal(2, (await _table.ReadAll()).Version.Version);
    }

    [Fact]
    public async Task A_heartbeat_moves_neither_version_nor_etag()
    {
        await _table.InitializeMembershipTable(true);
        await _table.InsertRow(Entry(1), (await _table.ReadAll()).Version.Next());
        var before = await _table.ReadAll();
        var beat = Entry(1);
        beat.IAmAliveTime = new DateTime(2027, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await _table.UpdateIAmAlive(beat);
        var after = await _table.ReadAll();
        Assert.Equal(beat.IAmAliveTime, after.Members[0].Item1.IAmAliveTime);
        Assert.Equal(before.Members[0].Item2, after.Members[0].Item2);
        Assert.Equal(before.Version.VersionEtag, after.Version.VersionEtag);
    }

    [Fact]
    public async Task Dead_silos_are_swept_out_and_the_living_stay()
    {
        await _table.InitializeMembershipTable(true);
        foreach (var (number, status) in new[] { (1, SiloStatus.Dead), (2, SiloStatus.Active) })
        {
            var entry = Entry(number);
            entry.Status = status;
            await _table.InsertRow(entry, (await _table.ReadAll()).Version.Next());
        }

        await _table.CleanupDefunctSiloEntries(DateTimeOffset.UtcNow.AddYears(1));
        Assert.Equal(SiloStatus.Active, Assert.Single((await _table.ReadAll()).Members).Item1.Status);
        await _table.DeleteMembershipTableEntries("any");
        Assert.Empty((await _table.ReadAll()).Members);
    }

    [Fact]
    public async Task A_file_that_is_no_table_is_named()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_table.Path)!);
        await File.WriteAllTextAsync(_table.Path, "{ no json", TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<InvalidDataException>(_table.ReadAll);
        Assert.Contains(_table.Path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ no json")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("""{"Version":9,"ETag":null,"Members":null}""")]
    [InlineData("""{"Version":0,"ETag":"0","Members":[]}""")]
    [InlineData(null)]
    public async Task A_silo_that_knows_the_table_mends_a_file_that_was_damaged_lost_or_put_back(string? content)
    {
        await _table.InitializeMembershipTable(true);
        Assert.True(await _table.InsertRow(Entry(1), (await _table.ReadAll()).Version.Next()));
        var before = await _table.ReadAll();
        if (content is null)
        {
            File.Delete(_table.Path);
        }
        else
        {
            await File.WriteAllTextAsync(_table.Path, content, TestContext.Current.CancellationToken);
        }

        Assert.Equal(before.Version.VersionEtag, (await _table.ReadAll()).Version.VersionEtag);
        Assert.Equal(1, await _table.Mend());
        var mended = await new FileMembershipTable(_table.Path).ReadAll();
        Assert.Equal(before.Version.VersionEtag, mended.Version.VersionEtag);
        Assert.Equal(Entry(1).SiloAddress, Assert.Single(mended.Members).Item1.SiloAddress);
    }

    [Fact]
    public async Task A_silo_that_joined_by_a_lost_file_is_kept_when_it_is_mended()
    {
        await _table.InitializeMembershipTable(true);
        Assert.True(await _table.InsertRow(Entry(1), (await _table.ReadAll()).Version.Next()));
        Assert.True(await _table.InsertRow(Entry(2), (await _table.ReadAll()).Version.Next()));
        File.Delete(_table.Path);
        var stranger = new FileMembershipTable(_table.Path);
        await stranger.InitializeMembershipTable(true);
        Assert.True(await stranger.InsertRow(Entry(3), (await stranger.ReadAll()).Version.Next()));
        Assert.Equal(3, await _table.Mend());
        Assert.Equal(3, (await stranger.ReadAll()).Members.Count);
        Assert.Equal(3, (await stranger.ReadAll()).Version.Version);
    }

    [Fact]
    public async Task A_silo_that_wants_to_join_waits_until_a_damaged_file_is_mended()
    {
        await _table.InitializeMembershipTable(true);
        Assert.True(await _table.InsertRow(Entry(1), (await _table.ReadAll()).Version.Next()));
        await File.WriteAllTextAsync(_table.Path, "garbage", TestContext.Current.CancellationToken);
        var joining = new FileMembershipTable(_table.Path);
        var joined = joining.InitializeMembershipTable(true);
        await _table.Mend();
        await joined;
        Assert.Single((await joining.ReadAll()).Members);
    }

    [Fact]
    public async Task Whoever_sees_a_process_end_declares_its_silo_dead_for_all()
    {
        await _table.InitializeMembershipTable(true);
        Assert.True(await _table.InsertRow(Entry(1), (await _table.ReadAll()).Version.Next()));
        Assert.True(await _table.InsertRow(Entry(2), (await _table.ReadAll()).Version.Next()));
        var before = await _table.ReadAll();
        var supervisor = new FileMembershipTable(_table.Path);
        Assert.True(await supervisor.DeclareDead(s => s.Equals(Entry(1).SiloAddress)));
        Assert.False(await supervisor.DeclareDead(s => s.Equals(Entry(1).SiloAddress)));
        var after = await _table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.Equal(
            [(Entry(1).SiloAddress, SiloStatus.Dead), (Entry(2).SiloAddress, SiloStatus.Active)],
            after.Members.Select(static m => (m.Item1.SiloAddress, m.Item1.Status)).OrderBy(static m => m.SiloAddress.Endpoint.Port));

        // Its own last word, based on what it knew, comes too late.
        var own = Entry(1);
        own.Status = SiloStatus.Active;
        Assert.False(await _table.UpdateRow(own, before.Members.Single(m => m.Item1.SiloAddress.Equals(own.SiloAddress)).Item2, after.Version.Next()));
    }

    [Fact]
    public async Task A_silo_lives_while_it_listens_whatever_the_table_says()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await _table.InitializeMembershipTable(true);
        foreach (var (name, port, status) in new[]
        {
            ("living", ((IPEndPoint)listener.LocalEndpoint).Port, SiloStatus.Active), ("gone", 1, SiloStatus.Active), ("dead", 2, SiloStatus.Dead),
        })
        {
            var entry = Entry(1);
            (entry.SiloAddress, entry.SiloName, entry.Status) = (SiloAddress.New(IPAddress.Loopback, port, 1), name, status);
            Assert.True(await _table.InsertRow(entry, (await _table.ReadAll()).Version.Next()));
        }

        Assert.Equal(["living"], await LivingSilos.Of(_table.Path));
        Assert.Empty(await LivingSilos.Of(_table.Path + ".none"));
    }

    [Fact]
    public async Task Gateways_are_the_active_silos_that_have_one()
    {
        await _table.InitializeMembershipTable(true);
        foreach (var (number, status, port) in new[] { (1, SiloStatus.Active, 30_001), (2, SiloStatus.Active, 0), (3, SiloStatus.Dead, 30_003) })
        {
            var entry = Entry(number);
            (entry.Status, entry.ProxyPort) = (status, port);
            await _table.InsertRow(entry, (await _table.ReadAll()).Version.Next());
        }

        Assert.Equal(30_001, Assert.Single(await new FileGatewayListProvider(_table).GetGateways()).Port);
    }

    /// <summary>Whatever the writers do at once, every acknowledged write is in the table, and the version counts them.</summary>
    [Fact]
    public void Concurrent_writers_lose_nothing() =>
        Gen.Int[1, 4].Array[2, 4].Sample(
            writers =>
            {
                var path = Path.Combine(_folder, Guid.NewGuid().ToString("N"), "membership.json");
                var tasks = writers.Select((rows, writer) => Task.Run(() => Write(path, writer, rows))).ToArray();
                Task.WaitAll(tasks, TestContext.Current.CancellationToken);
                var table = new FileMembershipTable(path).ReadAll().GetAwaiter().GetResult();
                return table.Members.Count == writers.Sum() && table.Version.Version == writers.Sum() * 2
                    && table.Members.All(static m => m.Item1.Status == SiloStatus.Active)
                    && table.Members.Select(static m => m.Item2).Distinct().Count() == table.Members.Count;
            },
            iter: 15,
            threads: 1);

    /// <summary>Joins some silos and makes each active, as a silo does: read, change, and again from the start when another was faster.</summary>
    private static async Task Write(string path, int writer, int rows)
    {
        var table = new FileMembershipTable(path);
        await table.InitializeMembershipTable(true);
        for (var row = 0; row < rows; row++)
        {
            var entry = Entry((writer * 100) + row);
            entry.Status = SiloStatus.Joining;
            while (!await table.InsertRow(entry, (await table.ReadAll()).Version.Next()))
            {
            }

            entry.Status = SiloStatus.Active;
            bool written;
            do
            {
                await table.UpdateIAmAlive(entry);
                var now = await table.ReadAll();
                written = await table.UpdateRow(entry, now.Members.Single(m => m.Item1.SiloAddress.Equals(entry.SiloAddress)).Item2, now.Version.Next());
            }
            while (!written);
        }
    }

    private static SiloAddress Address(int number) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 20_000 + number), 100 + number);

    private static MembershipEntry Entry(int number) => new()
    {
        SiloAddress = Address(number),
        SiloName = $"silo-{number}",
        HostName = "host",
        Status = SiloStatus.Active,
        StartTime = new DateTime(2026, 11, 23, 0, 0, 0, DateTimeKind.Utc),
        IAmAliveTime = new DateTime(2026, 11, 23, 0, 0, number % 60, DateTimeKind.Utc),
    };
}
