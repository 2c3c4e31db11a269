using Crescent.Control.Placement;
using Crescent.Grains.Kv;

namespace Crescent.Grains.Placement;

/// <summary>
/// How much of a prompt the devices of a view have cached. Looking up needs no more than the index, and may be done by many threads; what was found is written to
/// the view under its lock. Once it has seen the view's devices it allocates nothing.
/// </summary>
internal sealed class PrefixOverlap(KvIndexFeed feed)
{
    // Of the view's devices, in their order: their index in the feed, or -1.
    private int[] _indices = [];
    private FactoryView? _view;
    private (int View, int Feed) _versions;

    /// <summary>Looks up what all devices have of <paramref name="prefix"/>; null for no prompt. To be disposed.</summary>
    public CachedPrefix LookUp(PromptPrefix? prefix)
    {
        var found = new CachedPrefix();
        if (prefix is not null)
        {
            feed.LookUp(prefix.Chains, ref found);
        }

        return found;
    }

    /// <summary>Writes what was found as the overlap of the call in hand.</summary>
    public void Write(in CachedPrefix found, FactoryView view)
    {
        var overlaps = view.ChangeOverlap();
        if (found.IsEmpty)
        {
            overlaps.Clear();
            return;
        }

        Map(view);
        var blocks = found.Blocks;
        for (var i = 0; i < overlaps.Length; i++)
        {
            // One that has come since is found next time.
            var index = _indices[i];
            overlaps[i] = (uint)index < (uint)blocks.Length ? blocks[index] : 0;
        }
    }

    /// <summary>Both.</summary>
    public void Fill(PromptPrefix? prefix, FactoryView view)
    {
        using var found = LookUp(prefix);
        Write(found, view);
    }

    /// <summary>The prompt goes to <paramref name="device"/>, which will have it in a moment.</summary>
    public void Predict(PromptPrefix? prefix, string device)
    {
        if (prefix is not null)
        {
            feed.Predict(device, prefix.Chains);
        }
    }

    /// <summary>Finds the devices in the index, unless they are those of last time.</summary>
    private void Map(FactoryView view)
    {
        var versions = (view.Version, feed.Version);
        if (versions == _versions && ReferenceEquals(view, _view))
        {
            return;
        }

        (_view, _versions) = (view, versions);
        _indices = new int[view.Devices.Length];
        for (var i = 0; i < _indices.Length; i++)
        {
            _indices[i] = feed.IndexOf(view.Devices[i].Key);
        }
    }
}
