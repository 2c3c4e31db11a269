using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>Groups of layers with a window or chunks: what lies behind is given back while a sequence runs.</summary>
public sealed partial class KvCache
{
    /// <summary>Least distance between two places of a long sequence behind which windows are worth keeping.</summary>
    private const int Interval = 2048;

    /// <summary>And in windows: no more than one block in so many is worth keeping for that.</summary>
    private const int WindowsApart = 8;

    /// <summary>Whether some groups of layers see a window or chunks alone.</summary>
    public bool HasWindows => _hasWindows;

    /// <summary>Whether a sequence can begin only where windows or a state have been kept.</summary>
    public bool HasPlaces => _hasWindows || _states is not null;

    /// <summary>
    /// Gives back the blocks that no token sees from the last whole block of <paramref name="computed"/> positions on, behind which others can begin. What is seen from one of <paramref name="places"/>, or from one of those that
    /// every long sequence has, is worth as much as other content; the rest is taken first.
    /// </summary>
    /// <param name="table">The sequence's.</param>
    /// <param name="computed">Positions that are computed and stay so.</param>
    /// <param name="places">Positions at which others are likely to part with the sequence.</param>
    public void Slide(BlockTable table, int computed, ReadOnlySpan<int> places)
    {
        for (var group = 1; group < table.Runs.Count && _hasWindows; group++)
        {
            var run = table.Run(group);
            for (var first = FirstNeeded(group, BlockSize.FullBlocks(computed)); run.First < first;)
            {
                var worth = IsSeenFrom(places, _groups[group], run.First) ? KvWorth.Ordinary : KvWorth.Passed;
                var block = run.RemoveFirst();
                _pool.Release(block, _index.Holds(block) ? worth : KvWorth.Nothing);
            }
        }
    }

    private bool IsSeenFrom(ReadOnlySpan<int> places, KvReach reach, int number)
    {
        foreach (var place in places)
        {
            if (IsSeenFrom(place, reach, number))
            {
                return true;
            }
        }

        // A chunk's beginning can be begun from without any block.
        var apart = Math.Max(Interval, (int)Math.Min(WindowsApart * (long)reach.Most, int.MaxValue / 2));
        return reach.Window > 0 && IsSeenFrom((BlockSize.PositionsIn(number) / apart + 1) * apart, reach, number);
    }

    private bool IsSeenFrom(int place, KvReach reach, int number) =>
        number < BlockSize.BlocksFor(place) && number >= BlockSize.FullBlocks(reach.FirstSeen(place));
}
