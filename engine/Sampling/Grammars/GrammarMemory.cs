namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Bounds what all grammars have worked out together: the store that was longest of no use gives what it has.</summary>
/// <param name="storeLimit">Bytes of one store.</param>
/// <param name="limit">Bytes of all.</param>
internal sealed class GrammarMemory(long storeLimit, long limit)
{
    private readonly Lock _gate = new();
    private readonly List<WeakReference<StateStore>> _stores = [];
    private long _bytes;

    /// <summary>Bytes of one store.</summary>
    public long StoreLimit => storeLimit;

    /// <summary>Bytes counted: those of stores that nobody holds any more are counted until room is needed.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public void Add(StateStore store)
    {
        lock (_gate)
        {
            _stores.Add(new WeakReference<StateStore>(store));
        }
    }

    public void Count(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Makes room if there is too little. Not to be called with a store's lock held.</summary>
    public void Check()
    {
        if (Bytes > limit)
        {
            MakeRoom();
        }
    }

    private void MakeRoom()
    {
        lock (_gate)
        {
            var stores = new List<StateStore>();
            for (var i = _stores.Count - 1; i >= 0; i--)
            {
                if (_stores[i].TryGetTarget(out var store))
                {
                    stores.Add(store);
                }
                else
                {
                    _stores.RemoveAt(i);
                }
            }

            stores.Sort(static (a, b) => a.LastUse.CompareTo(b.LastUse));
            Interlocked.Exchange(ref _bytes, stores.Sum(static store => store.Bytes));
            for (var i = 0; i < stores.Count && Bytes > limit * 3 / 4; i++)
            {
                stores[i].Clear();
            }
        }
    }
}
