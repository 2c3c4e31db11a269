using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Crescent.Grains.Contracts.Hub;

/// <summary>
/// Asks a hub by its HTTP API (https://huggingface.co/docs/hub/api): which commit a repository is at, which files it has there, and what is in them.
/// Redirects are followed here, so that the token stays with the hub. Safe for use by many threads.
/// </summary>
public sealed class HubClient : IDisposable
{
    private const int MaxAnswerBytes = 16 << 20;
    private const int MaxPages = 100;
    private const int MaxRedirects = 5;

    private readonly HubSettings _settings;
    private readonly TimeProvider _time;
    private readonly Action<string> _waits;
    private readonly HttpClient _http;

    /// <param name="settings">Where the hub is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="waits">Told where the hub asks to come again later.</param>
    public HubClient(HubSettings settings, TimeProvider time, Action<string> waits)
    {
        (_settings, _time, _waits) = (settings, time, waits);
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = settings.Patience, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("crescent", "1"));
    }

    /// <summary>The commit that the revision of a reference is at.</summary>
    /// <exception cref="HubException">There is none that may be read, or the hub does not answer.</exception>
    public async Task<string> GetCommit(HubReference reference, CancellationToken cancellationToken)
    {
        var (document, _) = await GetJson(reference, new Uri(_settings.Endpoint, $"api/models/{reference.Path}/revision/{Uri.EscapeDataString(reference.Revision ?? HubReference.Main)}"), cancellationToken);
        using (document)
        {
            return Text(document.RootElement, "sha") is { Length: >= 7 and <= 64 } sha && sha.All(char.IsAsciiHexDigit) ? sha : throw Garbled("names no commit");
        }
    }

    /// <summary>The GGUF files of the repository at a commit.</summary>
    /// <exception cref="HubException">See <see cref="GetCommit"/>.</exception>
    public async Task<IReadOnlyList<HubFile>> GetFiles(HubReference reference, string commit, CancellationToken cancellationToken)
    {
        var files = new List<HubFile>();
        Uri? page = new(_settings.Endpoint, $"api/models/{reference.Path}/tree/{commit}?recursive=true");
        for (var i = 0; page is not null; i++)
        {
            if (i == MaxPages)
            {
                throw Garbled($"lists more than {MaxPages} pages of files");
            }

            var (document, next) = await GetJson(reference, page, cancellationToken);
            using (document)
            {
                files.AddRange(Read(document.RootElement));
            }

            page = next;
        }

        return files;
    }

    /// <summary>Begins to read a file behind its first <paramref name="from"/> bytes; the hub may begin at 0 nevertheless.</summary>
    /// <exception cref="HubException">It may not be read.</exception>
    /// <exception cref="HttpRequestException">The hub does not answer, or not now.</exception>
    /// <exception cref="IOException">The same.</exception>
    public async Task<HubContent> Open(HubReference reference, string commit, HubFile file, long from, CancellationToken cancellationToken)
    {
        var path = string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString));
        var response = await SendPatiently(new Uri(_settings.Endpoint, $"{reference.Path}/resolve/{commit}/{path}"), from, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        try
        {
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return new HubContent(response, Stream.Null, -1);
            }

            Check(reference, response);
            var begin = response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From ?? -1 : 0;
            return new HubContent(response, await response.Content.ReadAsStreamAsync(cancellationToken), begin == 0 || begin == from ? begin : -1);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public void Dispose() => _http.Dispose();

    private static IEnumerable<HubFile> Read(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw Garbled("lists no files");
        }

        foreach (var entry in list.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object || Text(entry, "type") != "file" || Text(entry, "path") is not { Length: <= 1024 } path
                || !path.EndsWith(".gguf", StringComparison.Ordinal))
            {
                continue;
            }

            // Large files lie beside the repository, by the checksum of their content.
            if (!entry.TryGetProperty("lfs", out var large) || large.ValueKind != JsonValueKind.Object || Text(large, "oid") is not { Length: 64 } sha || !sha.All(char.IsAsciiHexDigit)
                || !large.TryGetProperty("size", out var size) || !size.TryGetInt64(out var bytes) || bytes <= 0)
            {
                throw Garbled($"gives no checksum or no length of {path}");
            }

            yield return new HubFile(path, bytes, sha.ToLowerInvariant());
        }
    }

    private async Task<(JsonDocument Document, Uri? Next)> GetJson(HubReference reference, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await SendPatiently(address, 0, HttpCompletionOption.ResponseContentRead, cancellationToken);
            Check(reference, response);
            return (JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)), Next(response));
        }
        catch (JsonException e)
        {
            throw Garbled("is no JSON", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new HubException($"{_settings.Endpoint.Host} cannot be asked for {reference.Path}: {e.Message}", $"Look at the network and at {HubSettings.EndpointVariable}; what was pulled before is served without the hub.", e);
        }
    }

    // Further pages are asked of the hub itself, with the token: of no other.
    private Uri? Next(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out var links))
        {
            return null;
        }

        foreach (var link in links.SelectMany(static l => l.Split(',')))
        {
            var (begin, end) = (link.IndexOf('<', StringComparison.Ordinal), link.IndexOf('>', StringComparison.Ordinal));
            if (begin >= 0 && end > begin && link[end..].Contains("rel=\"next\"", StringComparison.Ordinal) && Uri.TryCreate(_settings.Endpoint, link[(begin + 1)..end], out var next))
            {
                return IsHub(next) ? next : throw Garbled("goes on at another host");
            }
        }

        return null;
    }

    /// <summary>Sends, and again where the hub says that it is asked too often, when it says so: within <see cref="HubSettings.LongestWait"/> in all.</summary>
    /// <exception cref="HubException">It asks for a longer wait.</exception>
    private async Task<HttpResponseMessage> SendPatiently(Uri address, long from, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        var waited = TimeSpan.Zero;
        for (var tries = 1; ; tries++)
        {
            var response = await Send(address, from, completion, cancellationToken);
            if (response.StatusCode != HttpStatusCode.TooManyRequests && !(response.StatusCode == HttpStatusCode.ServiceUnavailable && response.Headers.RetryAfter is not null))
            {
                return response;
            }

            var wait = Wait(response, tries);
            var host = address.Host;
            response.Dispose();
            if (waited + wait > _settings.LongestWait)
            {
                throw new HubException(
                    FormattableString.Invariant($"{host} is asked too often ({(int)response.StatusCode}), and asks to wait {wait.TotalSeconds:0} s"),
                    $"Try again then; what has come is kept. {(_settings.Token is null ? $"With {HubSettings.TokenVariable} set a hub may be asked more often." : "")}".TrimEnd());
            }

            _waits(FormattableString.Invariant($"{host} asks to come again in {wait.TotalSeconds:0.#} s"));
            await Task.Delay(wait, _time, cancellationToken);
            waited += wait;
        }
    }

    // At least the pause that is made without the hub's word: a hub that says 0 is not asked in a circle.
    private TimeSpan Wait(HttpResponseMessage response, int tries)
    {
        var least = TimeSpan.FromTicks(_settings.Pause.Ticks << Math.Min(tries - 1, 16));
        var asked = response.Headers.RetryAfter is not { } after ? least
            : after.Delta ?? (after.Date is { } date ? date - _time.GetUtcNow() : least);
        return asked > least ? asked : least;
    }

    private async Task<HttpResponseMessage> Send(Uri address, long from, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_settings.Patience);
        try
        {
            for (var i = 0; i <= MaxRedirects; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                if (from > 0)
                {
                    request.Headers.Range = new RangeHeaderValue(from, null);
                }

                if (_settings.Token is { } token && IsHub(address))
                {
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                }

                var response = await _http.SendAsync(request, completion, deadline.Token);
                if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
                {
                    return response;
                }

                using (response)
                {
                    address = Redirected(address, response.Headers.Location);
                }
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"{address.Host} did not answer in {_settings.Patience.TotalSeconds:0.#} s", e);
        }

        throw Garbled($"redirects more than {MaxRedirects} times");
    }

    private static Uri Redirected(Uri from, Uri? to)
    {
        var next = to is null ? throw Garbled("redirects nowhere") : new Uri(from, to);
        return next.Scheme == "https" || (next.Scheme == "http" && from.Scheme == "http") ? next : throw Garbled($"redirects from {from.Scheme} to {next.Scheme}");
    }

    private bool IsHub(Uri address) => Uri.Compare(address, _settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private void Check(HubReference reference, HttpResponseMessage response)
    {
        var code = (int)response.StatusCode;
        switch (code)
        {
            case 200 or 206:
                return;
            case 401 or 403:
                var asked = _settings.Token is null ? $"{HubSettings.TokenVariable} is not set" : $"{HubSettings.TokenVariable} may not read it";
                throw new HubException(
                    $"{reference.Path} is not given to us ({code}): there is no such repository, or it is private or asks for consent, and {asked}",
                    $"Look at the name; accept its conditions at {new Uri(_settings.Endpoint, reference.Path)}, and set {HubSettings.TokenVariable} to a token that may read it.");
            case 404 or 410:
                throw new HubException(
                    $"{reference.Path}{(reference.Revision is { } revision ? $" at {revision}" : "")} is not on {_settings.Endpoint.Host} ({code})",
                    $"Look at the name of the repository{(reference.Revision is null ? "" : " and at the revision")}.");
            default:
                throw new HttpRequestException($"{response.RequestMessage?.RequestUri?.Host ?? _settings.Endpoint.Host} answers {code}", null, response.StatusCode);
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static HubException Garbled(string what, Exception? cause = null) => new($"The answer of the hub {what}", $"Look whether {HubSettings.EndpointVariable} names a hub.", cause);
}
