using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Admission;

/// <summary>
/// Bytes of all requests of which the prompt is not made yet. What comes beyond them is refused at once: it would grow the memory of the front end, and
/// wait for its turn longer than its client. An eighth is kept for short ones, so that long ones do not shut them out.
/// </summary>
internal sealed class WorkBudget(HttpOptions options)
{
    /// <summary>Requests up to so many bytes are short.</summary>
    public const int ShortBytes = 1 << 16;

    private readonly long _limit = (long)options.WorkMib << 20;
    private long _used;

    /// <summary>Bytes in use.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Begins a request, which has none yet.</summary>
    public WorkLease Begin() => new(this);

    /// <summary>Adds <paramref name="bytes"/> to a request that will then have <paramref name="total"/>.</summary>
    /// <exception cref="ApiException">There is no room (429).</exception>
    internal void Take(long bytes, long total)
    {
        var limit = total <= ShortBytes ? _limit : _limit - (_limit / 8);
        if (Interlocked.Add(ref _used, bytes) > limit)
        {
            Interlocked.Add(ref _used, -bytes);
            throw ApiException.Overloaded($"As much is being read and made into prompts as this server does at once ({options.WorkMib} MiB).");
        }
    }

    internal void Give(long bytes) => Interlocked.Add(ref _used, -bytes);
}
