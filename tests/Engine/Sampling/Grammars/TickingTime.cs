namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>Time that goes on by a second with each look at it: what takes long is what looks often.</summary>
internal sealed class TickingTime : TimeProvider
{
    private long _seconds;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => Interlocked.Increment(ref _seconds);
}
