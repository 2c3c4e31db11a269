namespace Crescent.Grains.Frames;

/// <summary>A front end that takes frames.</summary>
[Alias("Crescent.ITokenObserver")]
public interface ITokenObserver : IGrainObserver
{
    /// <summary>Takes a frame; the answer is the acknowledgement that lets the sender go on.</summary>
    [Alias("Deliver")]
    ValueTask<FrameReceipt> Deliver(TokenFrame frame);
}
