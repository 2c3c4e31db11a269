using System.Diagnostics;
using Crescent.Grains.Contracts.Local;

namespace Crescent.Tests.Grains.Contracts.Local;

/// <summary>Each test announces under a cluster id of its own and clears it away.</summary>
public sealed class LocalClusterTests : IDisposable
{
    private readonly string _id = $"test-{Guid.NewGuid():N}";

    public void Dispose()
    {
        if (Directory.Exists(LocalCluster.Folder(_id)))
        {
            Directory.Delete(LocalCluster.Folder(_id), recursive: true);
        }
    }

    [Fact]
    public void An_announcement_comes_back_as_it_was_written()
    {
        var cluster = Cluster(Environment.ProcessId);
        cluster.Write();
        Assert.Equal(cluster, LocalCluster.Read(Path.Combine(LocalCluster.Folder(_id), LocalCluster.FileName)));
        Assert.True(cluster.IsRunning);
        Assert.Contains(cluster, LocalCluster.Announced());
    }

    [Fact]
    public void A_cluster_whose_supervisor_is_gone_is_not_running()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true })!;
        var cluster = Cluster(process.Id);
        process.WaitForExit();
        Assert.False(cluster.IsRunning);
    }

    [Fact]
    public void A_younger_process_of_the_same_number_is_not_the_supervisor()
    {
        var cluster = Cluster(Environment.ProcessId) with { Started = DateTimeOffset.UtcNow.AddDays(-1) };
        Assert.False(cluster.IsRunning);
    }

    [Fact]
    public void A_damaged_announcement_reads_as_none()
    {
        Directory.CreateDirectory(LocalCluster.Folder(_id));
        var path = Path.Combine(LocalCluster.Folder(_id), LocalCluster.FileName);
        File.WriteAllText(path, "{ \"clusterId\": ");
        Assert.Null(LocalCluster.Read(path));
    }

    private LocalCluster Cluster(int processId) => new()
    {
        ClusterId = _id,
        MembershipFile = Path.Combine(LocalCluster.Folder(_id), LocalCluster.MembershipFileName),
        Url = "http://127.0.0.1:8080",
        ProcessId = processId,
        Started = DateTimeOffset.UtcNow,
        Model = "a model",
    };
}
