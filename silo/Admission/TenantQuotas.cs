using System.Threading.RateLimiting;
using Crescent.Grains.Contracts.Chat;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;

namespace Crescent.Silo.Admission;

/// <summary>
/// What each tenant may still take at this front end. Prompts are charged when they are made, output tokens and joules when a call ends, so a tenant may
/// overdraw and then waits until that has flowed back.
/// </summary>
internal sealed class TenantQuotas : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly KeyBook _keys;
    private readonly PartitionedRateLimiter<Quota> _requests;
    private readonly PartitionedRateLimiter<Quota> _tokens;
    private readonly PartitionedRateLimiter<Quota> _joules;
    private readonly PartitionedRateLimiter<Quota> _sequences;

    public TenantQuotas(KeyBook keys, TimeProvider time)
    {
        _keys = keys;
        _requests = Buckets(Minute, time);
        _tokens = Buckets(Minute, time);
        _joules = Buckets(Hour, time);
        _sequences = PartitionedRateLimiter.Create<Quota, Quota>(static quota => RateLimitPartition.GetConcurrencyLimiter(
            quota, static quota => new ConcurrencyLimiterOptions { PermitLimit = (int)quota.Limit, QueueLimit = 0 }));
    }

    /// <summary>Lets a request begin.</summary>
    /// <exception cref="ApiException">Its tenant has had what it may (429).</exception>
    public void Begin(Caller caller)
    {
        if (!caller.IsKnown)
        {
            return;
        }

        // The request counts last: one that is refused for the others has not been made.
        var terms = _keys.TermsOf(caller.Tenant);
        Ask(_tokens, caller.Tenant, terms.TokensPerMinute, 0, "tokens", "a minute");
        Ask(_joules, caller.Tenant, terms.JoulesPerHour, 0, "joules", "an hour");
        Ask(_requests, caller.Tenant, terms.RequestsPerMinute, 1, "requests", "a minute");
    }

    /// <summary>Lets a request have sequences and charges its prompts.</summary>
    /// <param name="caller">Whose it is.</param>
    /// <param name="sequences">How many at once.</param>
    /// <param name="promptTokens">Of all its prompts, each once.</param>
    /// <returns>Their end is the disposal of it.</returns>
    /// <exception cref="ApiException">Its tenant has as many as it may (429), or may never have so many (400).</exception>
    public IDisposable? Use(Caller caller, int sequences, long promptTokens)
    {
        if (!caller.IsKnown)
        {
            return null;
        }

        var terms = _keys.TermsOf(caller.Tenant);
        RateLimitLease? lease = null;
        if (terms.Concurrent is { } most)
        {
            if (sequences > most)
            {
                throw ApiException.InvalidValue("n", $"The request is {sequences} sequences at once; tenant '{caller.Tenant}' may have {most}. Send several requests.");
            }

            lease = _sequences.AttemptAcquire(new Quota(caller.Tenant, most), sequences);
            if (!lease.IsAcquired)
            {
                lease.Dispose();
                throw ApiException.QuotaExceeded($"Tenant '{caller.Tenant}' has as many sequences as it may have at once: {most}.", TimeSpan.FromSeconds(1));
            }
        }

        Bucket(_tokens, caller.Tenant, terms.TokensPerMinute)?.Charge(promptTokens);
        return lease;
    }

    /// <summary>Charges what a call has taken.</summary>
    public void Charge(string tenant, ChatUsage usage)
    {
        // Where nobody is asked, names are the callers' own and have no quota.
        if (_keys.HasCallers && tenant.Length > 0)
        {
            var terms = _keys.TermsOf(tenant);
            Bucket(_tokens, tenant, terms.TokensPerMinute)?.Charge(usage.CompletionTokens);
            Bucket(_joules, tenant, terms.JoulesPerHour)?.Charge(usage.Joules);
        }
    }

    /// <summary>Tells in the headers of an answer what is left, in OpenAI's names.</summary>
    public void Tell(Caller caller, IHeaderDictionary headers)
    {
        if (caller.IsKnown)
        {
            var terms = _keys.TermsOf(caller.Tenant);
            RateHeaders.Write(headers, "requests", Bucket(_requests, caller.Tenant, terms.RequestsPerMinute));
            RateHeaders.Write(headers, "tokens", Bucket(_tokens, caller.Tenant, terms.TokensPerMinute));
            RateHeaders.Write(headers, "joules", Bucket(_joules, caller.Tenant, terms.JoulesPerHour));
        }
    }

    public void Dispose()
    {
        _requests.Dispose();
        _tokens.Dispose();
        _joules.Dispose();
        _sequences.Dispose();
    }

    private static PartitionedRateLimiter<Quota> Buckets(TimeSpan period, TimeProvider time) => PartitionedRateLimiter.Create<Quota, Quota>(
        quota => RateLimitPartition.Get(quota, q => (RateLimiter)new QuotaBucket(q.Limit, period, time)));

    private static QuotaBucket? Bucket(PartitionedRateLimiter<Quota> buckets, string tenant, double? limit) =>
        limit is { } most ? ((QuotaLease)buckets.AttemptAcquire(new Quota(tenant, most), 0)).Bucket : null;

    private static void Ask(PartitionedRateLimiter<Quota> buckets, string tenant, double? limit, int permits, string what, string period)
    {
        if (limit is not { } most)
        {
            return;
        }

        using var lease = buckets.AttemptAcquire(new Quota(tenant, most), permits);
        if (!lease.IsAcquired)
        {
            throw ApiException.QuotaExceeded(
                FormattableString.Invariant($"Tenant '{tenant}' may take {most:#,0.##} {what} {period} and has taken them."),
                lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>One limit of one tenant: a limit that is changed begins anew.</summary>
    private readonly record struct Quota(string Tenant, double Limit);
}
