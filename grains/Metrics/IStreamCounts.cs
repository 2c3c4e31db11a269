namespace Crescent.Grains.Metrics;

/// <summary>Streams of this front end that went on elsewhere since its start.</summary>
public interface IStreamCounts
{
    /// <summary>As planned: off a drained device, or off one that they waited at.</summary>
    long Moved { get; }

    /// <summary>After their device, or the way to it, was lost.</summary>
    long Resumed { get; }
}
