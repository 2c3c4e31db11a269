using System.Globalization;

namespace Crescent.Grains.Contracts.Hub;

/// <summary>Where the hub is and who asks it.</summary>
/// <param name="Endpoint">Its address, such as <c>https://huggingface.co/</c>; it ends with a slash.</param>
/// <param name="Token">Sent to that address alone, never to one that it redirects to; null for none.</param>
public sealed record HubSettings(Uri Endpoint, string? Token)
{
    /// <summary>Environment variable of <see cref="Endpoint"/>.</summary>
    public const string EndpointVariable = "HF_ENDPOINT";

    /// <summary>Environment variable of <see cref="Token"/>.</summary>
    public const string TokenVariable = "HF_TOKEN";

    /// <summary>The hub where the environment names no other.</summary>
    public const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>Longest wait for an answer, and for the next bytes of a file.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Tries in a row that bring nothing, after which a file is given up.</summary>
    public int Tries { get; init; } = 5;

    /// <summary>Pause before the second try; it doubles.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait for one answer of a hub that says that it is asked too often, all its times together.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What the environment says.</summary>
    /// <exception cref="HubException">A variable is no address, or the token would go over the net in the clear.</exception>
    public static HubSettings FromEnvironment() =>
        Of(Environment.GetEnvironmentVariable(EndpointVariable), Environment.GetEnvironmentVariable(TokenVariable));

    /// <summary>Checks what the variables hold.</summary>
    /// <exception cref="HubException">See <see cref="FromEnvironment"/>.</exception>
    public static HubSettings Of(string? endpoint, string? token)
    {
        var address = string.IsNullOrWhiteSpace(endpoint) ? DefaultEndpoint : endpoint.Trim();
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http") || uri.Query.Length > 0 || uri.UserInfo.Length > 0)
        {
            throw new HubException($"{EndpointVariable} is '{address}', which is no address of a hub", $"Write one such as {DefaultEndpoint}, or unset it.");
        }

        var secret = string.IsNullOrWhiteSpace(token) ? null : token.Trim();
        if (secret is not null && secret.Any(static c => c is <= ' ' or > '~'))
        {
            throw new HubException(string.Create(CultureInfo.InvariantCulture, $"{TokenVariable} holds what no token has"), "Copy it again, on one line.");
        }

        if (secret is not null && uri.Scheme == "http" && !uri.IsLoopback)
        {
            throw new HubException($"{TokenVariable} would go to {uri.Host} in the clear", $"Give {EndpointVariable} with https, or unset {TokenVariable}.");
        }

        return new HubSettings(uri, secret);
    }
}
