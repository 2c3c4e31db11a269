using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Crescent.Grains.Agents;

namespace Crescent.Silo.Tools;

/// <summary>
/// Reads a page of a host that is allowed. The address that its name leads to is checked and then connected to, so that no name leads into the silo's own network, not even one
/// that leads elsewhere the next time it is asked for; each redirect is a page of its own.
/// </summary>
internal sealed class HttpGet : IAgentTool, IDisposable
{
    private const int MaxUrl = 2048;
    private const int MaxHeadersKib = 32;
    private const int MaxFault = 500;

    private static readonly string[] TextTypes = ["application/json", "application/xml", "application/yaml", "application/x-yaml", "application/javascript"];

    private readonly HttpGetLimits _limits;
    private readonly TimeProvider _time;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HttpClient _http;

    /// <param name="limits">What may be read.</param>
    /// <param name="time">The clock of its limit.</param>
    /// <param name="resolve">Finds the addresses of a name; null for the system's resolver.</param>
    public HttpGet(HttpGetLimits limits, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _limits = limits;
        _time = time;
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                // Neither another's connection, nor a proxy that would look up names by itself, nor anything that is remembered.
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                MaxResponseHeadersLength = MaxHeadersKib,
                PooledConnectionLifetime = TimeSpan.Zero,
                ConnectCallback = Connect,
            })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public string Name => "http-get";

    public string Description => $"Reads a text page from the web by its URL. It may read {string.Join(", ", _limits.Hosts)}.";

    public string Parameters => """{"type":"object","properties":{"url":{"type":"string"}},"required":["url"],"additionalProperties":false}""";

    public bool IsIdempotent => true;

    public async Task<string> Call(string arguments, string key, CancellationToken cancellationToken)
    {
        var page = Read(arguments);
        using var late = new CancellationTokenSource(_limits.Time, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            for (var redirects = 0; ; redirects++)
            {
                Check(page);
                using var request = new HttpRequestMessage(HttpMethod.Get, page);
                request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Crescent", null));
                using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
                if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } location)
                {
                    return await Text(answer, either.Token);
                }

                if (redirects == _limits.MaxRedirects)
                {
                    throw new AgentToolException($"The page leads on more than {_limits.MaxRedirects} times.");
                }

                page = new Uri(page, location);
            }
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new AgentToolException($"The page did not come within {_limits.Time.TotalSeconds:0.###} s.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            throw e.InnerException as AgentToolException ?? new AgentToolException($"{page.Host} cannot be read: {e.Message}", e);
        }
    }

    public void Dispose() => _http.Dispose();

    private static Uri Read(string arguments)
    {
        try
        {
            using var json = JsonDocument.Parse(arguments);
            var url = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("url", out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new AgentToolException("'url' is missing.");
            return url.Length <= MaxUrl && Uri.TryCreate(url, UriKind.Absolute, out var page)
                ? page
                : throw new AgentToolException($"'url' takes a whole URL of up to {MaxUrl} characters, such as https://example.com/page.");
        }
        catch (JsonException e)
        {
            throw new AgentToolException($"The arguments are no JSON: {e.Message}", e);
        }
    }

    private void Check(Uri page)
    {
        if (page.Scheme is not ("http" or "https") || page.UserInfo.Length > 0)
        {
            throw new AgentToolException($"'{page.Scheme}' cannot be read, nor a URL with a user in it; take http:// or https://.");
        }

        if (!_limits.Has(page))
        {
            throw new AgentToolException($"{page.Authority} may not be read; allowed are {string.Join(", ", _limits.Hosts)}.");
        }
    }

    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var all = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await _resolve(host, cancellationToken);
        var open = all.Where(address => PublicAddress.Is(address) || (_limits.AllowsLoopback && PublicAddress.IsLoopback(address))).ToArray();
        if (open.Length == 0)
        {
            throw new AgentToolException($"{host} is no address of the public Internet, and is not read.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(open, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<string> Text(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var type = answer.Content.Headers.ContentType;
        var isText = type?.MediaType is null || type.MediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            || TextTypes.Contains(type.MediaType, StringComparer.OrdinalIgnoreCase)
            || type.MediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase) || type.MediaType.EndsWith("+xml", StringComparison.OrdinalIgnoreCase);
        if (!isText || answer.Content.Headers.ContentEncoding.Count > 0)
        {
            throw new AgentToolException($"The page is of the type {type?.MediaType}{(isText ? $", packed by {string.Join(", ", answer.Content.Headers.ContentEncoding)}" : "")}; only plain text is read.");
        }

        if (answer.Content.Headers.ContentLength > _limits.MaxBytes)
        {
            throw TooLong();
        }

        using var page = new MemoryStream();
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[1 << 13];
        for (var read = await body.ReadAsync(buffer, cancellationToken); read > 0; read = await body.ReadAsync(buffer, cancellationToken))
        {
            if (page.Length + read > _limits.MaxBytes)
            {
                throw TooLong();
            }

            page.Write(buffer, 0, read);
        }

        var text = Encoding(type?.CharSet).GetString(page.GetBuffer(), 0, (int)page.Length);
        return answer.IsSuccessStatusCode
            ? text
            : throw new AgentToolException($"The page is HTTP {(int)answer.StatusCode}: {(text.Length <= MaxFault ? text : text[..MaxFault] + "…")}");
    }

    private AgentToolException TooLong() => new($"The page has more than {_limits.MaxBytes} bytes.");

    private static Encoding Encoding(string? charset)
    {
        try
        {
            return charset is null ? System.Text.Encoding.UTF8 : System.Text.Encoding.GetEncoding(charset.Trim('"'));
        }
        catch (ArgumentException)
        {
            return System.Text.Encoding.UTF8;
        }
    }
}
