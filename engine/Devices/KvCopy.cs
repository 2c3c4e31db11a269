namespace Crescent.Engine.Devices;

/// <summary>A copy of a KV block, every layer: between a device and host memory, or within the device.</summary>
/// <param name="Kind">Where from and where to.</param>
/// <param name="Block">The device's block.</param>
/// <param name="Host">Address of <see cref="DeviceInfo.BlockBytes"/> bytes that stay where they are until the copy is done; 0 within the device.</param>
/// <param name="Source">Within the device, the block that is copied over <paramref name="Block"/>: the tail of a fork.</param>
public readonly record struct KvCopy(KvCopyKind Kind, int Block, nint Host, int Source = -1);
