using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// The compiled grammars of one model by their sources, within <see cref="GrammarLimits.CacheBytes"/>: one for all that need grammars of
/// that model in a process. One source after the other is compiled, on a thread of the cache's own. Safe for use by many threads.
/// </summary>
public sealed class GrammarCache
{
    private readonly Lazy<TokenVocabulary> _vocabulary;
    private readonly GrammarLimits _limits;
    private readonly TimeProvider _time;
    private readonly GrammarMemory _memory;
    private readonly Lock _gate = new();
    private readonly Dictionary<GrammarKey, Entry> _entries = [];
    private readonly LinkedList<Entry> _uncompiled = [];
    private bool _isCompiling;
    private long _uses;

    /// <summary>A cache for the vocabulary of a tokenizer, which is arranged when first needed.</summary>
    /// <param name="tokenizer">Of the model.</param>
    /// <param name="limits">What grammars may take; the defaults unless told otherwise.</param>
    /// <param name="time">Measures compilations.</param>
    public GrammarCache(Tokenizer tokenizer, GrammarLimits? limits = null, TimeProvider? time = null)
        : this(new Lazy<TokenVocabulary>(() => new TokenVocabulary(tokenizer)), limits, time)
    {
    }

    /// <inheritdoc cref="GrammarCache(Tokenizer, GrammarLimits, TimeProvider)"/>
    public GrammarCache(TokenVocabulary vocabulary, GrammarLimits? limits = null, TimeProvider? time = null)
        : this(new Lazy<TokenVocabulary>(vocabulary), limits, time)
    {
    }

    private GrammarCache(Lazy<TokenVocabulary> vocabulary, GrammarLimits? limits, TimeProvider? time)
    {
        _vocabulary = vocabulary;
        _limits = limits ?? new GrammarLimits();
        _limits.Validate();
        _time = time ?? TimeProvider.System;
        _memory = new GrammarMemory(_limits.StoreBytes, _limits.AllStoresBytes);
    }

    /// <summary>Where the masks are found that take long.</summary>
    internal MaskQueue Masks { get; } = new();

    /// <summary>Bytes of the compiled grammars that are kept or in use.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of those in use.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Bytes of what all grammars have worked out and kept.</summary>
    public long StoreBytes => _memory.Bytes;

    /// <summary>Compiled grammars that are kept or in use.</summary>
    public int Count { get; private set; }

    /// <summary>Sources compiled so far, in vain or not.</summary>
    public long Compilations { get; private set; }

    /// <summary>Sources that wait to be compiled.</summary>
    internal int UncompiledCount
    {
        get
        {
            lock (_gate)
            {
                return _uncompiled.Count;
            }
        }
    }

    /// <summary>
    /// The grammar of a source, compiled unless it is there; many that ask at once wait for one compilation, which stops when none of them
    /// waits any more. While the grammars in use take all the room that there is, it waits for some to be given back.
    /// </summary>
    /// <exception cref="GrammarException">The source cannot be compiled within the limits; the failure is not kept.</exception>
    /// <exception cref="OperationCanceledException">The cancellation came first.</exception>
    public async Task<GrammarLease> UseAsync(GrammarSource source, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var entry = Enter(source);
        try
        {
            var grammar = await entry.Compiled.Task.WaitAsync(cancellation).ConfigureAwait(false);
            return new GrammarLease(grammar, () => Leave(entry));
        }
        catch
        {
            Leave(entry);
            throw;
        }
    }

    private Entry Enter(GrammarSource source)
    {
        var key = GrammarKey.Of(source);
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                entry = new Entry(key, source);
                _entries.Add(key, entry);
                _uncompiled.AddLast(entry.Turn);
            }

            if (entry.Users++ == 0)
            {
                UsedBytes += entry.Bytes;
            }

            entry.LastUse = ++_uses;
            Compile();
            return entry;
        }
    }

    private void Leave(Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Users > 0)
            {
                return;
            }

            UsedBytes -= entry.Bytes;
            if (!entry.Compiled.Task.IsCompleted)
            {
                // Nobody waits for it any more.
                Remove(entry);
                if (entry.Turn.List is not null)
                {
                    _uncompiled.Remove(entry.Turn);
                }

                entry.Stop.Cancel();
            }

            DropOldest();
            Compile();
        }
    }

    /// <summary>Sees that somebody compiles, if there is something to compile and room for it. Under the lock.</summary>
    private void Compile()
    {
        if (!_isCompiling && _uncompiled.Count > 0 && UsedBytes < _limits.CacheBytes)
        {
            _isCompiling = true;
            new Thread(CompileAll) { IsBackground = true, Name = "grammars" }.Start();
        }
    }

    private void CompileAll()
    {
        while (true)
        {
            Entry entry;
            lock (_gate)
            {
                if (UsedBytes >= _limits.CacheBytes || _uncompiled.First is not { } next)
                {
                    _isCompiling = false;
                    return;
                }

                _uncompiled.Remove(next);
                entry = next.Value;
            }

            Compile(entry);
        }
    }

    private void Compile(Entry entry)
    {
        Grammar? grammar = null;
        Exception? fault = null;
        try
        {
            grammar = Grammar.Compile(entry.Source!, _vocabulary.Value, _limits, _memory, new CompileMeter(_limits, _time, entry.Stop.Token));
        }
        catch (Exception e)
        {
            // Whoever asked for it is told.
            fault = e;
        }

        lock (_gate)
        {
            Compilations++;
            entry.Source = null;
            if (grammar is null)
            {
                Remove(entry);
                entry.Compiled.SetException(fault!);
            }
            else
            {
                if (entry.Users > 0)
                {
                    entry.Bytes = grammar.Bytes;
                    Bytes += entry.Bytes;
                    UsedBytes += entry.Bytes;
                    Count++;
                }

                entry.Compiled.SetResult(grammar);
                DropOldest();
            }
        }
    }

    /// <summary>Keeps no more than there is room for; what is in use stays.</summary>
    private void DropOldest()
    {
        while (Bytes > _limits.CacheBytes && _entries.Values.Where(static entry => entry.Users == 0).MinBy(static entry => entry.LastUse) is { } oldest)
        {
            Remove(oldest);
            Bytes -= oldest.Bytes;
            Count--;
        }
    }

    private void Remove(Entry entry)
    {
        if (_entries.TryGetValue(entry.Key, out var current) && ReferenceEquals(current, entry))
        {
            _entries.Remove(entry.Key);
        }
    }

    private sealed class Entry
    {
        public Entry(GrammarKey key, GrammarSource source)
        {
            Key = key;
            Source = source;
            Turn = new LinkedListNode<Entry>(this);

            // When all have left there is nobody to see how it failed.
            _ = Compiled.Task.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        public GrammarKey Key { get; }

        /// <summary>Its place among those that wait to be compiled, while it waits.</summary>
        public LinkedListNode<Entry> Turn { get; }

        /// <summary>Until it is compiled.</summary>
        public GrammarSource? Source { get; set; }

        public TaskCompletionSource<Grammar> Compiled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenSource Stop { get; } = new();

        /// <summary>Those that wait for it or use it.</summary>
        public int Users { get; set; }

        /// <summary>Once it is compiled.</summary>
        public long Bytes { get; set; }

        public long LastUse { get; set; }
    }
}
