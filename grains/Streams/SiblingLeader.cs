using Crescent.Grains.Frames;

namespace Crescent.Grains.Streams;

/// <summary>
/// Which of a front end's siblings leads (<see cref="Engine.Scheduling.SiblingGroup"/>): the one that comes first. The others wait until a device has taken
/// it, and go there to share its blocks.
/// </summary>
internal sealed class SiblingLeader
{
    private readonly TaskCompletionSource<(string Device, long Ticket)?> _leader = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _claimed;

    /// <summary>True for the one call that leads.</summary>
    public bool TryLead() => Interlocked.Exchange(ref _claimed, 1) == 0;

    /// <summary>The leader was taken by a device.</summary>
    public void Place(string device, StreamTicket ticket) => _leader.TrySetResult((device, ticket.Value));

    /// <summary>If the leader found no device, the others are on their own.</summary>
    public void GiveUp() => _leader.TrySetResult(null);

    /// <summary>Where the leader is, or null when it found no device.</summary>
    public Task<(string Device, long Ticket)?> Leader(CancellationToken cancellationToken) => _leader.Task.WaitAsync(cancellationToken);
}
