using Crescent.Grains.Streams;

namespace Crescent.Grains.Requests;

/// <summary>
/// The deadline of a whole request (<c>deadline_seconds</c>), counted from when it came: whatever of it is done one after the other gets what the parts before have
/// left.
/// </summary>
/// <param name="whole">As the caller gave it; null for none.</param>
/// <param name="began">When the request came, by <paramref name="time"/>.</param>
/// <param name="time">The clock.</param>
public sealed class RequestDeadline(TimeSpan? whole, long began, TimeProvider time)
{
    /// <summary>What is left of it; null where there is none.</summary>
    /// <exception cref="DeadlineExceededException">Nothing is.</exception>
    public TimeSpan? Left() => whole is not { } deadline ? null
        : deadline - time.GetElapsedTime(began) is var left && left > TimeSpan.Zero ? left
        : throw Exceeded("before it was the turn of all that was asked for");

    /// <summary>Cancelled when it passes.</summary>
    public CancellationTokenSource Timer() => new(whole is null ? Timeout.InfiniteTimeSpan : Left()!.Value, time);

    /// <summary>What is to be said of a part that it has cut; the part itself knows only what was left when it began.</summary>
    public string Say(string when) => DeadlineExceededException.Say(whole ?? TimeSpan.Zero, when);

    /// <summary>It has passed.</summary>
    public DeadlineExceededException Exceeded(string when, Exception? inner = null) => new(whole ?? TimeSpan.Zero, when, inner);
}
