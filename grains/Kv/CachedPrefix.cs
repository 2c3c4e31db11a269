using System.Buffers;

namespace Crescent.Grains.Kv;

/// <summary>Leading blocks of a prompt that each device has cached, by its index in the feed; in a rented array, so it is to be disposed once.</summary>
internal struct CachedPrefix : IDisposable
{
    private int[]? _blocks;
    private int _count;

    /// <summary>True where nothing was looked up.</summary>
    public readonly bool IsEmpty => _blocks is null;

    /// <summary>By index of the device.</summary>
    public readonly Span<int> Blocks => _blocks.AsSpan(0, _count);

    /// <summary>Makes room for <paramref name="devices"/>, all 0.</summary>
    public void Open(int devices)
    {
        _blocks = ArrayPool<int>.Shared.Rent(Math.Max(1, devices));
        _count = devices;
        Blocks.Clear();
    }

    public void Dispose()
    {
        if (_blocks is { } rented)
        {
            _blocks = null;
            ArrayPool<int>.Shared.Return(rented);
        }
    }
}
