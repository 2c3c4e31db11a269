using Crescent.Engine.Kv;

namespace Crescent.Control.Placement;

/// <summary>
/// llm-d's bursts of siblings (2026): calls that come within a moment are placed together, so that what several of them begin with is computed once and not on each of the
/// devices they would be spread over. Calls with the same prompt form a unit; a call alone is one where it shares its beginning with another. Units of several go first, longer
/// ones first; each goes where most of its beginning has just been put, as long as that device has not its fair share of the calls, and otherwise where the fewest were put.
/// </summary>
public static class BurstGroups
{
    /// <summary>How long calls are collected, s: llm-d's default, which each call waits at the most.</summary>
    public const double WindowSeconds = 0.1;

    /// <summary>Positions of a beginning that is worth it: a block of llm-d's.</summary>
    public const int LeastPositions = 64;

    /// <summary>A call that shares nothing with the others: whoever places single calls places it.</summary>
    public const int Nowhere = -1;

    /// <summary>Assigns calls to devices.</summary>
    /// <param name="prompts">Hashes of each call's whole blocks, in the order of their arrival.</param>
    /// <param name="running">Calls that run on each device; they decide between devices which were given as many.</param>
    /// <param name="leastShared">Blocks that calls must have in common to go together; 0 for calls with the same blocks alone.</param>
    /// <param name="mostPerDevice">Calls of one prompt that go to one device.</param>
    /// <returns>A device for each call, or <see cref="Nowhere"/>.</returns>
    public static int[] Assign(IReadOnlyList<BlockHash[]> prompts, IReadOnlyList<int> running, int leastShared = 0, int mostPerDevice = int.MaxValue)
    {
        var assigned = new int[prompts.Count];
        Array.Fill(assigned, Nowhere);
        var units = Units(prompts, leastShared);
        var fairShare = (units.Sum(static unit => unit.Count) + running.Count - 1) / running.Count;
        var placed = new Batch(running, fairShare, mostPerDevice);
        foreach (var unit in units.Where(static unit => unit.Count > 1).OrderByDescending(unit => prompts[unit[0]].Length)
            .Concat(units.Where(static unit => unit.Count == 1).OrderByDescending(unit => prompts[unit[0]].Length)))
        {
            placed.Add(unit, prompts[unit[0]], leastShared, assigned);
        }

        return assigned;
    }

    /// <summary>Calls with the same prompt, and single ones that share their beginning with others.</summary>
    private static List<List<int>> Units(IReadOnlyList<BlockHash[]> prompts, int leastShared)
    {
        // A hash names all that is before it: the last one is the prompt, one at a place the beginning up to there.
        var beginnings = new Dictionary<BlockHash, int>();
        var units = new Dictionary<BlockHash, List<int>>();
        for (var i = 0; i < prompts.Count; i++)
        {
            if (prompts[i] is [.., var last])
            {
                if (!units.TryGetValue(last, out var unit))
                {
                    units.Add(last, unit = []);
                }

                unit.Add(i);
                if (leastShared > 0 && prompts[i].Length >= leastShared)
                {
                    var beginning = prompts[i][leastShared - 1];
                    beginnings[beginning] = beginnings.GetValueOrDefault(beginning) + 1;
                }
            }
        }

        return [.. units.Values.Where(unit => unit.Count > 1
            || (leastShared > 0 && prompts[unit[0]].Length >= leastShared && beginnings[prompts[unit[0]][leastShared - 1]] > 1))];
    }

    /// <summary>What has been given to each device so far.</summary>
    private sealed class Batch(IReadOnlyList<int> running, int fairShare, int mostPerDevice)
    {
        private readonly int[] _given = new int[running.Count];
        private readonly HashSet<BlockHash>[] _held = [.. running.Select(static _ => new HashSet<BlockHash>())];

        public void Add(List<int> unit, BlockHash[] prompt, int leastShared, int[] assigned)
        {
            var ofUnit = new int[running.Count];
            for (var i = 0; i < unit.Count;)
            {
                var device = i == 0 && leastShared > 0 && Best(prompt, leastShared) is >= 0 and var best ? best : Emptiest(ofUnit);
                var run = Math.Min(unit.Count - i, Math.Max(1, mostPerDevice - ofUnit[device]));
                for (var j = 0; j < run; j++)
                {
                    assigned[unit[i + j]] = device;
                }

                (i, ofUnit[device], _given[device]) = (i + run, ofUnit[device] + run, _given[device] + run);
            }

            for (var device = 0; device < running.Count; device++)
            {
                if (ofUnit[device] > 0)
                {
                    _held[device].UnionWith(prompt);
                }
            }
        }

        /// <summary>The device that was given most of the prompt's beginning and has room for more; -1 for none.</summary>
        private int Best(BlockHash[] prompt, int leastShared)
        {
            var (best, most) = (-1, 0);
            for (var device = 0; device < running.Count; device++)
            {
                var shared = prompt.TakeWhile(_held[device].Contains).Count();
                if (_given[device] < fairShare && shared >= leastShared && (shared > most || (shared == most && best >= 0 && IsEmptier(device, best))))
                {
                    (best, most) = (device, shared);
                }
            }

            return best;
        }

        private int Emptiest(int[] ofUnit)
        {
            var (best, any) = (-1, 0);
            for (var device = 0; device < running.Count; device++)
            {
                any = IsEmptier(device, any) ? device : any;
                if (ofUnit[device] < mostPerDevice && (best < 0 || IsEmptier(device, best)))
                {
                    best = device;
                }
            }

            return best < 0 ? any : best;
        }

        private bool IsEmptier(int one, int other) =>
            _given[one] != _given[other] ? _given[one] < _given[other] : running[one] < running[other];
    }
}
