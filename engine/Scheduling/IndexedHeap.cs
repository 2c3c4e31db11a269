namespace Crescent.Engine.Scheduling;

/// <summary>
/// A binary heap whose items know their places, so that any of them can be moved or taken out in O(log n). It allocates only while it grows beyond what it
/// has held.
/// </summary>
internal sealed class IndexedHeap<T>
    where T : class, IHeapItem<T>
{
    private T[] _items = new T[1];

    /// <summary>Items in it.</summary>
    public int Count { get; private set; }

    /// <summary>The one that goes before all others; null when there is none.</summary>
    public T? First => Count > 0 ? _items[0] : null;

    /// <summary>All of them: the first goes before all others, the rest are in no order, but the earlier ones tend to go before the later.</summary>
    public ReadOnlySpan<T> Items => _items.AsSpan(0, Count);

    public void Add(T item)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        Place(item, Count++);
        Rise(item);
    }

    /// <summary>Takes out an item that is in it.</summary>
    public void Remove(T item)
    {
        var last = _items[--Count];
        _items[Count] = null!;
        if (!ReferenceEquals(last, item))
        {
            Place(last, item.HeapIndex);
            Update(last);
        }
    }

    /// <summary>An item's order has changed.</summary>
    public void Update(T item)
    {
        Rise(item);
        Sink(item);
    }

    private void Rise(T item)
    {
        var at = item.HeapIndex;
        for (var parent = (at - 1) / 2; at > 0 && item.IsBefore(_items[parent]); parent = (at - 1) / 2)
        {
            Place(_items[parent], at);
            at = parent;
        }

        Place(item, at);
    }

    private void Sink(T item)
    {
        var at = item.HeapIndex;
        for (var child = (2 * at) + 1; child < Count; child = (2 * at) + 1)
        {
            child += child + 1 < Count && _items[child + 1].IsBefore(_items[child]) ? 1 : 0;
            if (!_items[child].IsBefore(item))
            {
                break;
            }

            Place(_items[child], at);
            at = child;
        }

        Place(item, at);
    }

    private void Place(T item, int at)
    {
        _items[at] = item;
        item.HeapIndex = at;
    }
}
