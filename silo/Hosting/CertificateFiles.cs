using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>
/// This silo's certificate and the authorities of its cluster, from PEM files that are read again when they change: whoever renews them replaces the files. What cannot be read
/// leaves what was read before in force. Safe for use by many threads.
/// </summary>
internal sealed class CertificateFiles
{
    private readonly Lock _lock = new();
    private readonly NetworkOptions _files;
    private Loaded _loaded;

    /// <param name="files">Says where they are.</param>
    /// <exception cref="StartException">One of them cannot be read.</exception>
    public CertificateFiles(NetworkOptions files)
    {
        _files = files;
        try
        {
            _loaded = Load(Stamp());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StartException($"{Settings.TlsCert} {files.TlsCert}, {Settings.TlsKey.Option} {files.TlsKey} and {Settings.TlsCa.Option} {files.TlsCa} make no certificate: {e.Message}", e);
        }
    }

    /// <summary>This silo's certificate, with its key.</summary>
    public X509Certificate2 Own => Current().Own;

    /// <summary>Whether <paramref name="other"/> comes from one of the authorities and is of this time. Names in it do not count: it is the authority that makes a silo one of the cluster.</summary>
    public bool Trusts(X509Certificate2 other)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Current().Authorities);
        chain.ChainPolicy.ExtraStore.AddRange(Current().Between);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(other);
    }

    private Loaded Current()
    {
        lock (_lock)
        {
            try
            {
                var stamp = Stamp();
                if (stamp != _loaded.Stamp)
                {
                    _loaded = Load(stamp);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                // Half of them may have been replaced so far: the next look finds the rest.
            }

            return _loaded;
        }
    }

    private (DateTime, DateTime, DateTime) Stamp() => (Written(_files.TlsCert!), Written(_files.TlsKey!), Written(_files.TlsCa!));

    // Through links: a secret that is mounted changes by its links' targets, and a link's own time stays.
    private static DateTime Written(string path) => File.GetLastWriteTimeUtc(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);

    private Loaded Load((DateTime, DateTime, DateTime) stamp)
    {
        var own = X509Certificate2.CreateFromPemFile(_files.TlsCert!, _files.TlsKey!);
        var between = new X509Certificate2Collection();
        between.ImportFromPemFile(_files.TlsCert!);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(_files.TlsCa!);
        return authorities.Count > 0 ? new Loaded(own, between, authorities, stamp) : throw new CryptographicException($"{_files.TlsCa} holds no certificate.");
    }

    private sealed record Loaded(X509Certificate2 Own, X509Certificate2Collection Between, X509Certificate2Collection Authorities, (DateTime, DateTime, DateTime) Stamp);
}
