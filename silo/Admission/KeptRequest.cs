using Crescent.Grains.Kept;

namespace Crescent.Silo.Admission;

/// <summary>That a request came with an <c>Idempotency-Key</c>, and what there is under it.</summary>
/// <param name="call">What there is.</param>
/// <param name="after">Number of the last event that the caller has; 0 for none.</param>
internal sealed class KeptRequest(KeptCall call, int after)
{
    public KeptCall Call => call;

    public int After => after;

    /// <summary>Whether its answer was begun before: it takes nothing more, and is not charged again.</summary>
    public bool IsJoined => call.IsJoined;

    /// <summary>Whether its answer is under way; else its key is given back.</summary>
    public bool IsOpen { get; set; }

    /// <summary>That of a request; null where it has no key.</summary>
    public static KeptRequest? Of(HttpContext http) => http.Features.Get<KeptRequest>();
}
