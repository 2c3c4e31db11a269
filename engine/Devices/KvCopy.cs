namespace Crescent.Engine.Devices;

/// <summary>A copy of a KV block, every layer, or of a state: between a device and host memory, or within the device.</summary>
/// <param name="Kind">Where from and where to.</param>
/// <param name="Block">The device's block or state.</param>
/// <param name="Host">Address of as many bytes as <see cref="Bytes"/> says, that stay where they are until the copy is done; 0 within the device.</param>
/// <param name="Source">Within the device, the block that is copied over <paramref name="Block"/>: the tail of a fork.</param>
/// <param name="Offset">Of a state that goes to the host or comes from there, the first of its bytes that are copied: it goes in parts of a block's size.</param>
public readonly record struct KvCopy(KvCopyKind Kind, int Block, nint Host, int Source = -1, long Offset = 0)
{
    /// <summary>Whether it does not leave the device.</summary>
    public bool IsWithin => Kind is KvCopyKind.Within or KvCopyKind.State;

    /// <summary>Bytes that are copied from or to the host.</summary>
    public int Bytes(DeviceInfo device) => Kind switch
    {
        KvCopyKind.Within or KvCopyKind.State => 0,
        KvCopyKind.StateToHost or KvCopyKind.StateFromHost => checked((int)Math.Min(device.BlockBytes, device.StateBytes - Offset)),
        _ => checked((int)device.BlockBytes),
    };
}
