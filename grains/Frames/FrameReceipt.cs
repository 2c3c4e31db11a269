namespace Crescent.Grains.Frames;

/// <summary>A front end's answer to a frame.</summary>
/// <param name="Unwanted">Tickets in the frame that nobody listens to any more; their sequences are to be cancelled.</param>
[GenerateSerializer, Immutable, Alias("Crescent.FrameReceipt")]
public sealed record FrameReceipt([property: Id(0)] long[] Unwanted)
{
    /// <summary>Everything found its stream.</summary>
    public static readonly FrameReceipt Complete = new([]);
}
