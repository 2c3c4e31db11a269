using Crescent.Control.Placement;
using Crescent.Grains.Telemetry.Kv;

namespace Crescent.Grains.Placement;

/// <summary>
/// How much of a prompt the devices of a view have cached. For one view, under whose lock it is used; once it has seen the view's devices it allocates nothing.
/// </summary>
internal sealed class PrefixOverlap(KvIndexFeed feed)
{
    private string[] _keys = [];
    private int[] _indices = [];
    private int[] _found = [];
    private int _version = -1;

    /// <summary>Writes the cached blocks of <paramref name="prefix"/> by device of the view.</summary>
    /// <param name="prefix">The prompt, or null for none: all 0.</param>
    /// <param name="devices">The view's devices.</param>
    /// <param name="overlaps">As long as <paramref name="devices"/>.</param>
    public void Fill(PromptPrefix? prefix, ReadOnlySpan<DeviceState> devices, Span<int> overlaps)
    {
        overlaps.Clear();
        if (prefix is null)
        {
            return;
        }

        Map(devices);
        foreach (var (_, chain) in prefix.Chains)
        {
            // Chains of different roots, block sizes among them, have no block in common, so a device answers to one of them.
            feed.Overlap(chain, ref _found);
            for (var i = 0; i < devices.Length; i++)
            {
                overlaps[i] = _indices[i] < 0 ? 0 : Math.Max(overlaps[i], _found[_indices[i]]);
            }
        }
    }

    /// <summary>The prompt goes to <paramref name="device"/>, which will have it in a moment.</summary>
    public void Predict(PromptPrefix? prefix, string device)
    {
        if (prefix is not null)
        {
            feed.Predict(device, prefix.ChainOf);
        }
    }

    /// <summary>Finds the devices in the index, unless they are those of last time.</summary>
    private void Map(ReadOnlySpan<DeviceState> devices)
    {
        var version = feed.Version;
        var same = version == _version && devices.Length == _keys.Length;
        for (var i = 0; same && i < devices.Length; i++)
        {
            same = ReferenceEquals(devices[i].Key, _keys[i]);
        }

        if (same)
        {
            return;
        }

        (_keys, _indices, _version) = (new string[devices.Length], new int[devices.Length], version);
        for (var i = 0; i < devices.Length; i++)
        {
            _keys[i] = devices[i].Key;
            _indices[i] = feed.IndexOf(_keys[i]);
        }
    }
}
