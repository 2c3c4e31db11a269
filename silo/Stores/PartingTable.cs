namespace Crescent.Silo.Stores;

/// <summary>
/// A membership table that a stopping silo can leave while its store is away. Orleans would try to write "shutting down" and then "dead" for minutes each, beyond any
/// grace period; a silo that goes unsaid is declared dead by the others' probes, or by its successor of the same name, as one that is killed.
/// </summary>
/// <param name="inner">The store's table.</param>
/// <param name="silo">This silo.</param>
/// <param name="lifetime">Tells when it stops.</param>
/// <param name="logger">Told when a silo goes unsaid.</param>
internal sealed partial class PartingTable(IMembershipTable inner, ILocalSiloDetails silo, IHostApplicationLifetime lifetime, ILogger<PartingTable> logger) : IMembershipTable
{
    private MembershipTableData? _last;

    private bool Stops => lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Puts it before the table that a silo has.</summary>
    public static void PutBefore(IServiceCollection services)
    {
        var inner = services.Last(static service => service.ServiceType == typeof(IMembershipTable));
        services.AddSingleton<IMembershipTable>(provider => ActivatorUtilities.CreateInstance<PartingTable>(provider, (IMembershipTable)(
            inner.ImplementationInstance
            ?? inner.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!))));
    }

    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            return _last = await inner.ReadAllAsync(cancellationToken);
        }
        catch (Exception) when (Stops && _last is not null)
        {
            return _last;
        }
    }

    public async Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken)
    {
        try
        {
            return await inner.UpdateRowAsync(entry, etag, tableVersion, cancellationToken);
        }
        catch (Exception e) when (Stops && entry.SiloAddress.Equals(silo.SiloAddress) && entry.Status is SiloStatus.ShuttingDown or SiloStatus.Stopping or SiloStatus.Dead)
        {
            Unsaid(logger, entry.Status, StoreException.Brief(e));
            return true;
        }
    }

    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) => inner.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) => inner.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken) => inner.CleanupDefunctSiloEntriesAsync(beforeDate, cancellationToken);

    public Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) => inner.ReadRowAsync(key, cancellationToken);

    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) => inner.InsertRowAsync(entry, tableVersion, cancellationToken);

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken) => inner.UpdateIAmAliveAsync(entry, cancellationToken);

    public Task InitializeMembershipTable(bool tryInitTableVersion) => InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    public Task DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    public Task<MembershipTableData> ReadAll() => ReadAllAsync(CancellationToken.None);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => InsertRowAsync(entry, tableVersion, CancellationToken.None);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    public Task UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    [LoggerMessage(1, LogLevel.Warning, "This silo goes without having written that it is {Status} ({Fault}); the others declare it dead when the store is back")]
    private static partial void Unsaid(ILogger logger, SiloStatus status, string fault);
}
