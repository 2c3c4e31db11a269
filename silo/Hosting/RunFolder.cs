using Crescent.Grains.Contracts.Local;
using Crescent.Grains.Contracts.Membership;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>
/// The folder of one run of a local cluster: membership table, logs of its silos, announcement. It goes with a run that ends well; one
/// that failed leaves its logs, which later runs clear away after <see cref="Keep"/>.
/// </summary>
internal sealed class RunFolder
{
    /// <summary>How long the folder of a failed run stays.</summary>
    public static readonly TimeSpan Keep = TimeSpan.FromDays(7);

    private readonly string _clusterId;

    /// <exception cref="StartException">The folder cannot be made.</exception>
    public RunFolder(string clusterId)
    {
        _clusterId = clusterId;
        Path = LocalCluster.Folder(clusterId);
        try
        {
            Directory.CreateDirectory(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"The run folder {Path} cannot be made: {e.Message} Set {LocalCluster.HomeVariable} to a folder that can be written.", e);
        }

        RemoveOld();
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>The membership table.</summary>
    public string MembershipFile => System.IO.Path.Combine(Path, LocalCluster.MembershipFileName);

    /// <summary>The log of a silo.</summary>
    public string LogFile(string silo) => System.IO.Path.Combine(Path, $"{silo}.log");

    /// <summary>Lets clients on this machine find the cluster.</summary>
    public void Announce(string url, string model, string membershipFile) => new LocalCluster
    {
        ClusterId = _clusterId,
        MembershipFile = membershipFile,
        Url = url,
        Model = model,
        ProcessId = Environment.ProcessId,
        Started = DateTimeOffset.UtcNow,
    }.Write();

    /// <summary>
    /// Ends the announcement, and the folder too unless its logs are of use. The membership table stays while a silo is in it that lives, such as one
    /// that was started by hand: without it nobody could join that one any more.
    /// </summary>
    /// <returns>Names of the silos that live.</returns>
    public async Task<IReadOnlyList<string>> Close(bool keepLogs)
    {
        var living = await LivingSilos.Of(MembershipFile);
        if (!keepLogs && living.Count == 0)
        {
            Remove(Path);
            return living;
        }

        File.Delete(System.IO.Path.Combine(Path, LocalCluster.FileName));
        if (living.Count == 0)
        {
            File.Delete(MembershipFile);
        }

        return living;
    }

    private static void RemoveOld()
    {
        foreach (var folder in Directory.EnumerateDirectories(LocalCluster.RunsFolder))
        {
            if (Directory.GetLastWriteTimeUtc(folder) < DateTime.UtcNow - Keep
                && LocalCluster.Read(System.IO.Path.Combine(folder, LocalCluster.FileName)) is not { IsRunning: true })
            {
                Remove(folder);
            }
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process may be clearing the same folder away, or still writes there; the next run tries again.
            Console.Error.WriteLine($"{folder} could not be removed: {e.Message}");
        }
    }
}
