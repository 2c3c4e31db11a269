using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// Behind which blocks of a cached beginning a sequence can begin: where what groups of layers with a window see from there is cached, and a state where there are
/// states. The cache and those who follow its events ask it alike.
/// </summary>
/// <param name="blockSize">Positions in a block.</param>
/// <param name="hasStates">Whether sequences have a state beside their blocks.</param>
/// <param name="windows">Groups with a window or chunks, and how far they see.</param>
public sealed class KvPlaces(KvBlockSize blockSize, bool hasStates, IReadOnlyList<(int Group, KvReach Reach)> windows)
{
    /// <summary>Stands for a group where content is a state: see <see cref="BlockHash.Of"/>.</summary>
    public const int StateGroup = 255;

    /// <summary>Whether a sequence can begin behind any block of a cached beginning.</summary>
    public bool IsAnywhere => !hasStates && windows.Count == 0;

    /// <summary>Whether sequences have a state beside their blocks.</summary>
    public bool HasStates => hasStates;

    /// <summary>Groups with a window or chunks, and how far they see.</summary>
    public IReadOnlyList<(int Group, KvReach Reach)> Windows => windows;

    /// <summary>
    /// The places of a device, as those know them who follow its events: of groups that see equally far the first speaks for all, since they take and lose blocks together
    /// but for a moment.
    /// </summary>
    public static KvPlaces Of(DeviceInfo device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var windows = device.KvGroups.Select(static (reach, group) => (group, reach)).Where(static pair => !pair.reach.SeesAll).DistinctBy(static pair => pair.reach);
        return new KvPlaces(KvBlockSize.Of(device), device.StateSlots > 0, [.. windows]);
    }

    /// <summary>The most of <paramref name="count"/> leading blocks, all of them cached, behind which a sequence can begin.</summary>
    public int Last<T>(int count, T contents)
        where T : IKvContents, allows ref struct
    {
        while (count > 0)
        {
            var shorter = hasStates && !contents.Has(count - 1, StateGroup) ? count - 1 : Shorten(count, contents);
            if (shorter == count)
            {
                break;
            }

            count = shorter;
        }

        return count;
    }

    /// <summary>
    /// <paramref name="count"/> where groups with a window have all that is seen from behind so many blocks; else the number of a block that they lack, since no
    /// beginning that ends between the two could do without it.
    /// </summary>
    private int Shorten<T>(int count, T contents)
        where T : IKvContents, allows ref struct
    {
        for (var i = 0; i < windows.Count; i++)
        {
            var (group, reach) = windows[i];
            var first = blockSize.FullBlocks(reach.FirstSeen(blockSize.PositionsIn(count)));
            for (var number = count - 1; number >= first; number--)
            {
                if (!contents.Has(number, group))
                {
                    return number;
                }
            }
        }

        return count;
    }
}
