using System.Globalization;

namespace Crescent.Grains.Contracts.Identity;

/// <summary>What a tenant may take, over all its keys, at each front end; what is null is without limit.</summary>
public sealed record TenantTerms
{
    public const int MaxRequestsPerMinute = 1_000_000;
    public const int MaxConcurrent = 1 << 20;
    public const long MaxTokensPerMinute = 1_000_000_000_000;
    public const double MinJoulesPerHour = 1;
    public const double MaxJoulesPerHour = 1e12;

    /// <summary>Those of a tenant for which nothing is set.</summary>
    public static readonly TenantTerms Unlimited = new();

    /// <summary>Requests a minute, 1 to <see cref="MaxRequestsPerMinute"/>.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Prompt and output tokens a minute, 1 to <see cref="MaxTokensPerMinute"/>.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>Sequences at once, 1 to <see cref="MaxConcurrent"/>: each answer of a request is one.</summary>
    public int? Concurrent { get; init; }

    /// <summary>Joules attributed to its requests in an hour, <see cref="MinJoulesPerHour"/> to <see cref="MaxJoulesPerHour"/>.</summary>
    public double? JoulesPerHour { get; init; }

    /// <summary>Whether its cached prefixes are shared with the other tenants that share theirs, instead of being its own.</summary>
    public bool ShareCache { get; init; }

    /// <summary>What is wrong with them, naming the field; empty when all is well.</summary>
    public IEnumerable<string> Problems()
    {
        if (RequestsPerMinute is < 1 or > MaxRequestsPerMinute)
        {
            yield return Wrong("requests_per_minute", RequestsPerMinute, $"1 to {MaxRequestsPerMinute}");
        }

        if (TokensPerMinute is < 1 or > MaxTokensPerMinute)
        {
            yield return Wrong("tokens_per_minute", TokensPerMinute, $"1 to {MaxTokensPerMinute}");
        }

        if (Concurrent is < 1 or > MaxConcurrent)
        {
            yield return Wrong("concurrent", Concurrent, $"1 to {MaxConcurrent}");
        }

        if (JoulesPerHour is { } joules && !(joules >= MinJoulesPerHour && joules <= MaxJoulesPerHour))
        {
            yield return Wrong("joules_per_hour", joules, string.Create(CultureInfo.InvariantCulture, $"{MinJoulesPerHour} to {MaxJoulesPerHour}"));
        }
    }

    private static string Wrong(string field, object? value, string takes) => string.Create(CultureInfo.InvariantCulture, $"{field} is {value}; it takes {takes}");
}
