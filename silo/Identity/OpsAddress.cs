using Crescent.Silo.Configuration;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Crescent.Silo.Identity;

/// <summary>The address of those who run the cluster, where there is one beside that of its users.</summary>
internal sealed class OpsAddress(HttpOptions options, IServer server)
{
    private int[]? _ports;

    /// <summary>Whether there is one.</summary>
    public bool HasOwn => options.OpsUrls.Length > 0;

    /// <summary>Whether a request came in by it. By the port that it came to, never by what it says of itself.</summary>
    public bool Has(HttpContext http) => HasOwn && (_ports ??= Ports()).Contains(http.Connection.LocalPort);

    // Addresses stand in the order in which they were asked for, the ops addresses last; port 0 has become a port.
    private int[] Ports() =>
    [
        .. server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses
            .Skip(options.Addresses.Count())
            .Select(static address => BindingAddress.Parse(address).Port),
    ];
}
