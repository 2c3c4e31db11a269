using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Tests.Grains;

namespace Crescent.Tests.Silo.Hosting;

/// <summary>Where silos reach one another, and who may be one.</summary>
public sealed class SiloNetworkTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<SiloHost> _silos = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos.AsEnumerable().Reverse())
        {
            await silo.Stop();
            await silo.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task Silos_with_certificates_of_one_authority_are_a_cluster_and_a_stranger_is_not_heard()
    {
        using var authority = Authority("ours");
        Write(authority, "ours");
        var device = await Start("device-1", SiloRole.Device, "ours");
        var front = await Start("front", SiloRole.Front, "ours");
        using var http = new HttpClient { BaseAddress = new Uri(front.Urls[0]) };
        await FactoryCluster.UntilAsync(
            async () =>
            {
                using var answer = await http.GetAsync("/health", Stop);
                return (int)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Stop))!["devices"]! == 1;
            },
            "the front end sees the device over TLS");

        using var others = Authority("theirs");
        Assert.False(await IsHeard(device.Identity.SiloPort, Certificate(others)));
        Assert.False(await IsHeard(device.Identity.SiloPort, null));
        Assert.True(await IsHeard(device.Identity.SiloPort, Certificate(authority)));
    }

    [Fact]
    public void Certificates_that_are_replaced_are_read_again_and_what_cannot_be_read_leaves_the_old_in_force()
    {
        using var authority = Authority("ours");
        Write(authority, "ours");
        var files = new CertificateFiles(Files("ours"));
        var first = files.Own.Thumbprint;
        Write(authority, "ours");
        Touch("ours", 1);
        var second = files.Own.Thumbprint;
        Assert.NotEqual(first, second);
        File.WriteAllText(_folder.At("ours.key"), "half of a key");
        Touch("ours", 2);
        Assert.Equal(second, files.Own.Thumbprint);
        Assert.True(files.Trusts(Certificate(authority)));
        using var others = Authority("theirs");
        Assert.False(files.Trusts(Certificate(others)));
    }

    [Fact]
    public void Certificates_of_a_mounted_secret_are_read_again_when_its_folder_is_another()
    {
        using var authority = Authority("ours");
        foreach (var version in new[] { "1", "2" })
        {
            Write(authority, "ours");
            Touch("ours", version == "1" ? 0 : 1);
            Directory.CreateDirectory(_folder.At(version));
            foreach (var file in new[] { "ours.pem", "ours.key", "ours-ca.pem" })
            {
                File.Move(_folder.At(file), Path.Combine(_folder.At(version), file));
            }
        }

        // As a kubelet lays it out: links into a folder that is a link itself.
        Directory.CreateSymbolicLink(_folder.At("data"), "1");
        foreach (var file in new[] { "ours.pem", "ours.key", "ours-ca.pem" })
        {
            File.CreateSymbolicLink(_folder.At(file), Path.Combine("data", file));
        }

        var files = new CertificateFiles(Files("ours"));
        var first = files.Own.Thumbprint;
        File.Delete(_folder.At("data"));
        Directory.CreateSymbolicLink(_folder.At("data"), "2");
        Assert.NotEqual(first, files.Own.Thumbprint);
    }

    [Theory]
    [InlineData("10.0.0.7", null, false, "--tls-cert")]
    [InlineData("10.0.0.7", 30000, true, "--gateway-port")]
    [InlineData("0.0.0.0", null, true, "--advertise")]
    [InlineData("no.such.name.invalid", null, true, "--advertise")]
    public void What_would_let_anybody_in_or_nobody_does_not_start(string address, int? gateway, bool insecure, string names)
    {
        var network = new NetworkOptions { Advertise = address };
        var identity = SiloIdentity.Resolve(
            new ClusterOptions { Role = SiloRole.Device, ClusterId = "c", GatewayPort = gateway ?? 0, MembershipFile = _folder.At("membership.json") }, null, network);
        var fault = Assert.Throws<StartException>(() =>
        {
            SiloNetwork.CheckExposure(network, new AuthOptions { Insecure = insecure }, identity);
            network.Address();
        });
        Assert.Contains(names, fault.Message, StringComparison.Ordinal);
        Assert.Equal(gateway ?? 0, identity.GatewayPort);
    }

    [Fact]
    public void The_machines_own_address_is_found_or_its_absence_told() =>
        Assert.False(IPAddress.IsLoopback(Record.Exception(static () => new NetworkOptions { Advertise = NetworkOptions.Auto }.Address()) is StartException
            ? IPAddress.Any
            : new NetworkOptions { Advertise = NetworkOptions.Auto }.Address()));

    private async Task<SiloHost> Start(string name, SiloRole role, string authority)
    {
        var files = Files(authority);
        var silo = SiloHost.Build(
            Settings.Load(
            [
                new(Settings.Model.Key, TestFiles.TinyModel),
                new(Settings.Urls.Key, "http://127.0.0.1:0"),
                new(Settings.KvBlocks.Key, "512"),
                new(Settings.Threads.Key, "1"),
                new(Settings.LogLevel.Key, "warning"),
                new(Settings.WarmUpSeconds.Key, "0"),
                new(Settings.DrainSeconds.Key, "0"),
                new(Settings.TlsCert.Key, files.TlsCert),
                new(Settings.TlsKey.Key, files.TlsKey),
                new(Settings.TlsCa.Key, files.TlsCa),
            ]),
            SiloIdentity.Resolve(new ClusterOptions { Role = role, Name = name, ClusterId = "tls", MembershipFile = _folder.At("membership.json") }));
        _silos.Add(silo);
        await silo.Start(Stop);
        return silo;
    }

    /// <summary>Whether a silo goes on listening to who shows <paramref name="certificate"/>: one that is not let in is cut off.</summary>
    private static async Task<bool> IsHeard(int port, X509Certificate2? certificate)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, Stop);
        await using var tls = new SslStream(socket.GetStream());
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "crescent-silo",
                    ClientCertificates = certificate is null ? [] : [certificate],
                    RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null,
                },
                Stop);

            // Orleans speaks first: the preamble of a connection that was let in.
            return await tls.ReadAsync(new byte[1], Stop).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Stop) > 0;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private NetworkOptions Files(string name) => new() { TlsCert = _folder.At($"{name}.pem"), TlsKey = _folder.At($"{name}.key"), TlsCa = _folder.At($"{name}-ca.pem") };

    private void Write(X509Certificate2 authority, string name)
    {
        using var own = Certificate(authority);
        File.WriteAllText(_folder.At($"{name}.pem"), own.ExportCertificatePem());
        using var key = own.GetECDsaPrivateKey()!;
        File.WriteAllText(_folder.At($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(_folder.At($"{name}-ca.pem"), authority.ExportCertificatePem());
    }

    private void Touch(string name, int minutes)
    {
        foreach (var file in new[] { $"{name}.pem", $"{name}.key" })
        {
            File.SetLastWriteTimeUtc(_folder.At(file), DateTime.UtcNow.AddMinutes(minutes));
        }
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(9));
    }

    private static X509Certificate2 Certificate(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=silo", key, HashAlgorithmName.SHA256);
        using var signed = request.Create(authority, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(8), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
