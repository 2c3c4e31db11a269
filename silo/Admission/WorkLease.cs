using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Admission;

/// <summary>What one request has of the <see cref="WorkBudget"/>, until its prompt is made.</summary>
internal sealed class WorkLease(WorkBudget budget) : IDisposable
{
    private long _bytes;

    /// <summary>That of a request; null where nothing is read before its endpoint.</summary>
    public static WorkLease? Of(HttpContext http) => http.Features.Get<WorkLease>();

    /// <summary>Takes more.</summary>
    /// <exception cref="ApiException">There is no room (429).</exception>
    public void Grow(long bytes)
    {
        budget.Take(bytes, _bytes + bytes);
        _bytes += bytes;
    }

    public void Dispose()
    {
        budget.Give(_bytes);
        _bytes = 0;
    }
}
