namespace Crescent.Engine.Devices;

/// <summary>
/// Positions in a KV block of one device, and the arithmetic of positions and blocks that follows from it. A power of two, so that the engine shifts
/// where it would divide.
/// </summary>
public readonly record struct KvBlockSize
{
    /// <summary>Fewest positions in a block.</summary>
    public const int Least = 8;

    /// <summary>Most positions in a block.</summary>
    public const int Most = 256;

    private readonly byte _shift;

    /// <summary>Blocks of <paramref name="positions"/> positions.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is none of 8, 16, 32, 64, 128 and 256.</exception>
    public KvBlockSize(int positions)
    {
        if (!IsValid(positions))
        {
            throw new ArgumentOutOfRangeException(nameof(positions), positions, $"A KV block has a power of two of positions, {Least} to {Most}.");
        }

        _shift = (byte)int.Log2(positions);
    }

    /// <summary>Positions in a block.</summary>
    public int Positions => 1 << _shift;

    /// <summary>What <paramref name="device"/> says of its blocks.</summary>
    /// <exception cref="ArgumentException">A block of the device has another number of positions than a block may have; the message names the device.</exception>
    public static KvBlockSize Of(DeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return IsValid(device.BlockSize)
            ? new KvBlockSize(device.BlockSize)
            : throw new ArgumentException(
                $"Device {device.Name} says that its KV blocks have {device.BlockSize} positions; {nameof(DeviceInfo.BlockSize)} must be a power of two, {Least} to {Most}.",
                nameof(device));
    }

    /// <summary>Whether a block may have so many positions.</summary>
    public static bool IsValid(int positions) => positions is >= Least and <= Most && int.IsPow2(positions);

    /// <summary>Blocks that hold <paramref name="positions"/> positions, the last of them perhaps in part.</summary>
    public int BlocksFor(int positions) => (positions + Positions - 1) >> _shift;

    /// <summary>Blocks that <paramref name="positions"/> positions fill; also the block in which the position of that number lies.</summary>
    public int FullBlocks(int positions) => positions >> _shift;

    /// <summary>Positions of <paramref name="blocks"/> full blocks.</summary>
    public int PositionsIn(int blocks) => blocks << _shift;

    /// <summary>Place in its block of the position of number <paramref name="position"/>.</summary>
    public int Slot(int position) => position & (Positions - 1);
}
