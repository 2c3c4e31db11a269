using Orleans.Messaging;

namespace Crescent.Grains.Contracts.Membership;

/// <summary>The gateways that a client may connect to: active silos of a <see cref="FileMembershipTable"/> that have one.</summary>
public sealed class FileGatewayListProvider(FileMembershipTable table) : IGatewayListProvider
{
    public TimeSpan MaxStaleness => TimeSpan.FromSeconds(2);

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    public async Task<IList<Uri>> GetGateways()
    {
        var members = await table.ReadAll();
        return
        [
            .. members.Members.Select(m => m.Item1)
                .Where(m => m.Status == SiloStatus.Active && m.ProxyPort > 0)
                .Select(m => SiloAddress.New(m.SiloAddress.Endpoint.Address, m.ProxyPort, m.SiloAddress.Generation).ToGatewayUri()),
        ];
    }
}
