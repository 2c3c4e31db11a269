using System.Collections.Concurrent;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>The compiled grammars of one model by their sources. Safe for use by many threads.</summary>
public sealed class GrammarCache(TokenVocabulary vocabulary, int capacity = GrammarCache.DefaultCapacity)
{
    /// <summary>Grammars kept unless told otherwise.</summary>
    public const int DefaultCapacity = 256;

    private readonly ConcurrentDictionary<GrammarSource, Entry> _entries = [];
    private long _uses;

    /// <summary>
    /// The grammar of a source, compiled on a thread of its own unless it is there; many that ask at once wait for one compilation.
    /// </summary>
    /// <exception cref="GrammarException">The source cannot be compiled; the failure is not kept.</exception>
    public async Task<Grammar> GetAsync(GrammarSource source, CancellationToken cancellation = default)
    {
        var entry = _entries.GetOrAdd(source, key => new Entry(new Lazy<Task<Grammar>>(() => Task.Factory.StartNew(
            () => Grammar.Compile(key, vocabulary), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))));
        entry.LastUse = Interlocked.Increment(ref _uses);
        try
        {
            var grammar = await entry.Grammar.Value.WaitAsync(cancellation);
            DropOldest();
            return grammar;
        }
        catch (GrammarException)
        {
            _entries.TryRemove(new KeyValuePair<GrammarSource, Entry>(source, entry));
            throw;
        }
    }

    private void DropOldest()
    {
        while (_entries.Count > capacity)
        {
            _entries.TryRemove(_entries.MinBy(entry => entry.Value.LastUse));
        }
    }

    private sealed class Entry(Lazy<Task<Grammar>> grammar)
    {
        public Lazy<Task<Grammar>> Grammar { get; } = grammar;

        public long LastUse { get; set; }
    }
}
