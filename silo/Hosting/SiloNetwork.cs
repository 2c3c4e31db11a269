using Crescent.Silo.Configuration;
using Orleans.Connections.Security;

namespace Crescent.Silo.Hosting;

/// <summary>Where silos reach one another, and how they know one another.</summary>
internal static class SiloNetwork
{
    // The authority tells who is a silo; one name serves all of them.
    private const string TargetHost = "crescent-silo";

    /// <summary>Listens at the loopback address, or wherever the machine has one when others are to reach it.</summary>
    public static void Configure(ISiloBuilder silo, NetworkOptions network, SiloIdentity identity)
    {
        silo.ConfigureEndpoints(network.Address(), identity.SiloPort, identity.GatewayPort, listenOnAnyHostAddress: network.Advertise is not null);
        if (!network.HasTls)
        {
            return;
        }

        var certificates = new CertificateFiles(network);
        silo.UseTls(tls =>
        {
            // The first is asked for in any case, and would be used for as long as the process lives.
            tls.LocalCertificate = certificates.Own;
            tls.LocalServerCertificateSelector = (_, _) => certificates.Own;
            tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
            tls.RemoteCertificateValidation = (other, _, _) => certificates.Trusts(other);
            tls.OnAuthenticateAsClient = (_, client) =>
            {
                client.TargetHost = TargetHost;
                client.ClientCertificates = [certificates.Own];
            };
        });
    }

    /// <summary>Refuses to let whoever reaches a port be a silo, unless somebody has said that it is meant.</summary>
    /// <exception cref="StartException">It would.</exception>
    public static void CheckExposure(NetworkOptions network, AuthOptions auth, SiloIdentity identity)
    {
        if (network.Advertise is null)
        {
            return;
        }

        if (identity.GatewayPort != 0)
        {
            throw new StartException($"{Settings.GatewayPort.Option} stays on the loopback address: whoever reaches an Orleans gateway may call everything. Leave it out with {Settings.Advertise.Option}.");
        }

        if (!network.HasTls && !auth.Insecure)
        {
            throw new StartException(
                $"{Settings.Advertise.Option} {network.Advertise} lets other machines reach this silo, and whoever does may be one of the cluster. Give it a certificate with "
                + $"{Settings.TlsCert.Option}, {Settings.TlsKey.Option} and {Settings.TlsCa.Option}; or say {Settings.Insecure.Option} where the network lets nobody else.");
        }
    }
}
