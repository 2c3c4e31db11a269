
namespace Crescent.Grains.Frames;

/// <summary>
/// What the steps of one device gave for the streams of one front end since the last frame. Valid only until the observer's answer:
/// the sender then uses the buffer again.
/// </summary>
/// <param name="Device">The device: <c>silo/device</c>.</param>
/// <param name="Link">The link, a number drawn at random; a later link of the same device has another.</param>
/// <param name="Number">Counts the link's frames from 0: they are taken in this order, in whichever they come.</param>
/// <param name="Records">Records as <see cref="FrameReader"/> reads them.</param>
/// <param name="Version">Their <see cref="FrameBuffer.Version"/>.</param>
[GenerateSerializer, Immutable, Alias("Crescent.TokenFrame")]
public sealed record TokenFrame(
    [property: Id(0)] string Device,
    [property: Id(1)] long Link,
    [property: Id(2)] long Number,
    [property: Id(3)] ReadOnlyMemory<byte> Records,
    [property: Id(4)] int Version = FrameBuffer.Version);
