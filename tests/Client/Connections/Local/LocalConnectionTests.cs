using System.Net;
using System.Net.Sockets;
using Crescent.Client.Connections;
using Crescent.Client.Connections.Local;
using Crescent.Grains.Contracts.Local;
using Crescent.Grains.Contracts.Membership;

namespace Crescent.Tests.Client.Connections.Local;

public sealed class LocalConnectionTests : IDisposable
{
    private readonly string _id = $"client-test-{Guid.NewGuid():N}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        if (Directory.Exists(LocalCluster.Folder(_id)))
        {
            Directory.Delete(LocalCluster.Folder(_id), recursive: true);
        }
    }

    [Fact]
    public async Task A_file_that_announces_no_cluster_is_named()
    {
        var failure = await Fails(new FileInfo(TestFiles.Project("Cluster.sln")));
        Assert.Contains("Cluster.sln announces no cluster", failure.Message);
        Assert.Contains("cluster.json", failure.Remedy);
    }

    [Fact]
    public async Task A_cluster_that_has_ended_says_how_to_start_one()
    {
        // The process of the test is younger than this announcement, so it cannot be its supervisor.
        var failure = await Fails(Announce(DateTimeOffset.UnixEpoch));
        Assert.Contains("has ended", failure.Message);
        Assert.Contains("dotnet run -c Release --project silo", failure.Remedy);
    }

    [Fact]
    public async Task A_cluster_without_a_gateway_that_answers_is_named()
    {
        var failure = await Fails(Announce(DateTimeOffset.UtcNow));
        Assert.Contains($"No gateway of cluster {_id} answers", failure.Message);
    }

    [Fact]
    public async Task A_gateway_that_refuses_is_no_gateway()
    {
        var announcement = Announce(DateTimeOffset.UtcNow);
        var table = new FileMembershipTable(LocalCluster.Read(announcement.FullName)!.MembershipFile);
        await table.InitializeMembershipTable(true);
        var version = (await table.ReadAll()).Version;
        var now = DateTime.UtcNow;
        Assert.True(await table.InsertRow(
            new MembershipEntry
            {
                SiloAddress = SiloAddress.New(IPAddress.Loopback, FreePort(), 1),
                SiloName = "device-1",
                HostName = "localhost",
                Status = SiloStatus.Active,
                ProxyPort = FreePort(),
                StartTime = now,
                IAmAliveTime = now,
            },
            version.Next()));
        var failure = await Fails(announcement);
        Assert.Contains($"No gateway of cluster {_id} answers", failure.Message);
    }

    private static async Task<FactoryException> Fails(FileInfo announcement) => await Assert.ThrowsAsync<FactoryException>(
        () => LocalConnection.Connect(new ConnectionSettings { Cluster = announcement, Timeout = TimeSpan.FromSeconds(5) }, Cancel));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private FileInfo Announce(DateTimeOffset started)
    {
        new LocalCluster
        {
            ClusterId = _id,
            MembershipFile = Path.Combine(LocalCluster.Folder(_id), LocalCluster.MembershipFileName),
            Url = "http://127.0.0.1:1",
            ProcessId = Environment.ProcessId,
            Started = started,
        }.Write();
        return new FileInfo(Path.Combine(LocalCluster.Folder(_id), LocalCluster.FileName));
    }
}
