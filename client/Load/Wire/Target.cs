using System.Net;
using System.Text;
using Crescent.Client.Connections;

namespace Crescent.Client.Load.Wire;

/// <summary>An OpenAI-compatible server, and how it is reached.</summary>
internal sealed class Target
{
    private readonly string? _key;

    private Target(Uri root, string prefix, IPAddress[] addresses, string? key)
    {
        Root = root;
        Prefix = prefix;
        Addresses = addresses;
        _key = key;
    }

    /// <summary>Address of the server, without <c>/v1</c>.</summary>
    public Uri Root { get; }

    /// <summary>What paths begin with, such as <c>/v1</c>.</summary>
    public string Prefix { get; }

    /// <summary>Where its name leads.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; }

    /// <summary>Whether it speaks TLS.</summary>
    public bool Tls => Root.Scheme == Uri.UriSchemeHttps;

    /// <summary>Looks a server's name up.</summary>
    /// <param name="url">With or without <c>/v1</c> at its end.</param>
    /// <param name="key">Sent as a bearer token; null for none.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="FactoryException">The name is not known.</exception>
    public static async Task<Target> Find(Uri url, string? key, CancellationToken cancellationToken)
    {
        var path = url.AbsolutePath.TrimEnd('/');
        var above = path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^3] : path;
        try
        {
            // IPv4 first: many servers on one machine listen there alone.
            var addresses = IPAddress.TryParse(url.Host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(url.DnsSafeHost, cancellationToken);
            return new Target(
                new Uri(url.GetLeftPart(UriPartial.Authority) + above + "/"),
                above + "/v1",
                [.. addresses.OrderBy(static address => address.AddressFamily)],
                string.IsNullOrEmpty(key) ? null : key.All(static c => c is > ' ' and < '\x7f') ? key : throw new FactoryException("A key has characters that no header can carry", "Check --key."));
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new FactoryException($"The host of {url} is not known", "Check --url.", e);
        }
    }

    /// <summary>The beginning of a POST up to the number of its body's bytes.</summary>
    /// <param name="path">Below <see cref="Prefix"/>, such as <c>/chat/completions</c>.</param>
    /// <param name="headers">More headers, each with its line end.</param>
    public byte[] Head(string path, string headers = "") => Encoding.ASCII.GetBytes(
        $"POST {Prefix}{path} HTTP/1.1\r\nHost: {Root.Authority}\r\nUser-Agent: crescent-load\r\nAccept: text/event-stream, application/json\r\nContent-Type: application/json\r\n"
        + (_key is null ? "" : $"Authorization: Bearer {_key}\r\n") + headers + "Content-Length: ");

    /// <summary>A client for what is asked before and after the load.</summary>
    public HttpClient Client(TimeSpan timeout)
    {
        var client = new HttpClient { BaseAddress = Root, Timeout = timeout };
        if (_key is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {_key}");
        }

        return client;
    }
}
