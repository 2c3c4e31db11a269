using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Admission;

/// <summary>What one request has of the <see cref="WorkBudget"/>, until its prompt is made: what is reserved for it, or what it holds where that is more.</summary>
internal sealed class WorkLease(WorkBudget budget) : IDisposable
{
    private readonly Lock _lock = new();
    private long _bytes;
    private long _held;

    /// <summary>Whether it has no more than it holds.</summary>
    public bool IsNarrow { get; private set; }

    /// <summary>That of a request; null where nothing is read before its endpoint.</summary>
    public static WorkLease? Of(HttpContext http) => http.Features.Get<WorkLease>();

    /// <summary>Keeps <paramref name="bytes"/> in all for what will come.</summary>
    /// <exception cref="ApiException">There is no room (429).</exception>
    public void Reserve(long bytes)
    {
        lock (_lock)
        {
            Cover(bytes);
        }
    }

    /// <summary>It holds <paramref name="bytes"/> now.</summary>
    /// <exception cref="ApiException">That is more than was reserved, and there is no room (429).</exception>
    public void Hold(long bytes)
    {
        lock (_lock)
        {
            Cover(bytes);
            _held = bytes;
        }
    }

    /// <summary>Gives back what is reserved and not held: it comes too slowly for others to wait for it.</summary>
    public void Narrow()
    {
        lock (_lock)
        {
            IsNarrow = true;
            budget.Give(_bytes - _held);
            _bytes = _held;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            budget.Give(_bytes);
            (_bytes, _held) = (0, 0);
        }
    }

    private void Cover(long bytes)
    {
        if (bytes > _bytes)
        {
            budget.Take(bytes - _bytes, bytes);
            _bytes = bytes;
        }
    }
}
