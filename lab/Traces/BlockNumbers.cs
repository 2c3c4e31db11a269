using System.Numerics;
using System.Text.Json;

namespace Crescent.Lab.Traces;

/// <summary>The ids of a trace's blocks as small numbers: some traces write hashes of 64 bits.</summary>
internal sealed class BlockNumbers
{
    private readonly Dictionary<BigInteger, int> _large = [];

    /// <summary>The number of an id, which keeps it where it is one of 31 bits.</summary>
    /// <exception cref="FormatException">It is no whole number.</exception>
    public int Of(JsonElement id)
    {
        if (id.TryGetInt32(out var small) && small >= 0)
        {
            return small;
        }

        if (!BigInteger.TryParse(id.GetRawText(), out var large))
        {
            throw new FormatException($"{id.GetRawText()} is no whole number");
        }

        if (!_large.TryGetValue(large, out var number))
        {
            _large.Add(large, number = -1 - _large.Count);
        }

        return number;
    }
}
