using Crescent.Grains.Tokens;

namespace Crescent.Grains.Serving;

/// <summary>
/// Calls of one front end with the same prompt. The one that comes first leads: the others wait until a device has taken it, and go
/// there to share its blocks.
/// </summary>
public sealed class SiblingGroup
{
    private readonly TaskCompletionSource<(string Device, long Ticket)?> _leader = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _claimed;

    /// <summary>True for the one call that leads.</summary>
    internal bool TryLead() => Interlocked.Exchange(ref _claimed, 1) == 0;

    /// <summary>The leader was taken by a device.</summary>
    internal void Place(string device, StreamTicket ticket) => _leader.TrySetResult((device, ticket.Value));

    /// <summary>If the leader found no device, the others are on their own.</summary>
    internal void GiveUp() => _leader.TrySetResult(null);

    /// <summary>Where the leader is, or null when it found no device.</summary>
    internal Task<(string Device, long Ticket)?> Leader(CancellationToken cancellationToken) => _leader.Task.WaitAsync(cancellationToken);
}
