using Crescent.Grains.Contracts.Membership;

namespace Crescent.Silo.Configuration;

/// <summary>Where membership and the state of grains are kept. Section <c>Crescent</c>.</summary>
public sealed class StoreOptions : IChecked
{
    /// <summary>What keeps them.</summary>
    public StoreKind Store { get; set; }

    /// <summary>How to reach it: what StackExchange.Redis or Npgsql take, with the password. Not for files.</summary>
    public string? StoreConnection { get; set; }

    /// <summary>File that holds <see cref="StoreConnection"/> instead, such as a mounted secret.</summary>
    public string? StoreConnectionFile { get; set; }

    /// <summary>Names the state of grains: clusters of one id find it again, whatever their cluster ids.</summary>
    public string ServiceId { get; set; } = ClusterNames.ServiceId;

    /// <summary>Folder that keeps the state of a local cluster's grains beyond its run; null for the folder of the run. For files only.</summary>
    public string? Data { get; set; }

    public IEnumerable<string> Problems()
    {
        if (Store == StoreKind.File && (StoreConnection ?? StoreConnectionFile) is not null)
        {
            yield return $"{Settings.StoreConnection} goes with {Settings.Store.Option} redis or postgres.";
        }

        if (Store != StoreKind.File && (StoreConnection is null) == (StoreConnectionFile is null))
        {
            yield return $"{Settings.Store.Option} {Name} needs either {Settings.StoreConnection} or {Settings.StoreConnectionFile}.";
        }

        if (Store != StoreKind.File && Data is not null)
        {
            yield return $"{Settings.Data} goes with {Settings.Store.Option} file; {Name} keeps the state itself.";
        }

        if (!ClusterOptions.IsName(ServiceId))
        {
            yield return Settings.OutOfRange(Settings.ServiceId, ServiceId, ClusterOptions.Names);
        }
    }

    /// <summary>The word for it.</summary>
    public string Name => Store.ToString().ToLowerInvariant();

    /// <summary>The connection string, from where it is said.</summary>
    /// <exception cref="StartException">Its file cannot be read.</exception>
    public string ReadConnection()
    {
        if (StoreConnectionFile is not { } path)
        {
            return StoreConnection!;
        }

        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{Settings.StoreConnectionFile} {path} cannot be read: {e.Message}", e);
        }
    }
}
