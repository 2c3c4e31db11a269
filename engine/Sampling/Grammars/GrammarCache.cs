using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// The compiled grammars of one model by their sources, within <see cref="GrammarLimits.CacheBytes"/>: one for all that need grammars of
/// that model in a process. One source after the other is compiled, on a thread of the cache's own, and tenants take turns at it. Why one could not be
/// compiled is kept for a minute. Safe for use by many threads.
/// </summary>
public sealed class GrammarCache
{
    /// <summary>Sources of one tenant that may wait to be compiled, those of requests that were taken not counted.</summary>
    public const int MaxWaiting = 256;

    private readonly Lazy<TokenVocabulary> _vocabulary;
    private readonly GrammarLimits _limits;
    private readonly TimeProvider _time;
    private readonly GrammarMemory _memory;
    private readonly Lock _gate = new();
    private readonly Dictionary<GrammarKey, GrammarEntry> _entries = [];
    private readonly GrammarQueue _uncompiled = new();
    private readonly GrammarFailures _failures;
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
        _failures = new GrammarFailures(_time);
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

    /// <summary>The grammar of a source, for nobody's tenant.</summary>
    /// <inheritdoc cref="UseAsync(GrammarSource, GrammarAsker, CancellationToken)"/>
    public Task<GrammarLease> UseAsync(GrammarSource source, CancellationToken cancellation = default) => UseAsync(source, new GrammarAsker(""), cancellation);

    /// <summary>
    /// The grammar of a source, compiled unless it is there; many that ask at once wait for one compilation, which stops when none of them
    /// waits any more. While the grammars in use take all the room that there is, it waits for some to be given back.
    /// </summary>
    /// <exception cref="GrammarException">The source cannot be compiled within the limits.</exception>
    /// <exception cref="GrammarQueueFullException">Too many of the tenant's wait.</exception>
    /// <exception cref="OperationCanceledException">The cancellation came first.</exception>
    public async Task<GrammarLease> UseAsync(GrammarSource source, GrammarAsker asker, CancellationToken cancellation = default)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            var entry = Enter(source, asker);
            try
            {
                var grammar = await entry.Compiled.Task.WaitAsync(cancellation).ConfigureAwait(false);
                return new GrammarLease(grammar, () => Leave(entry));
            }
            catch (GrammarException e) when (e.IsTimeLimit && asker.IsTaken && !entry.IsPatient)
            {
                // It had begun in the time of somebody who has less.
                Leave(entry);
            }
            catch
            {
                Leave(entry);
                throw;
            }
        }
    }

    private GrammarEntry Enter(GrammarSource source, GrammarAsker asker)
    {
        var key = GrammarKey.Of(source);
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                if (_failures.Find(key, asker.IsTaken) is { } fault)
                {
                    throw fault;
                }

                if (!asker.IsTaken && _uncompiled.CountOf(asker.Tenant) >= MaxWaiting)
                {
                    throw new GrammarQueueFullException(MaxWaiting);
                }

                entry = new GrammarEntry(key, source);
                _entries.Add(key, entry);
            }

            if (!entry.HasBegun)
            {
                entry.IsPatient |= asker.IsTaken;
                _uncompiled.Add(entry, asker.Tenant);
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

    private void Leave(GrammarEntry entry)
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
                _uncompiled.Remove(entry);
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
            GrammarEntry entry;
            lock (_gate)
            {
                if (UsedBytes >= _limits.CacheBytes || _uncompiled.Take() is not { } next)
                {
                    _isCompiling = false;
                    return;
                }

                entry = next;
                entry.HasBegun = true;
            }

            Compile(entry);
        }
    }

    private void Compile(GrammarEntry entry)
    {
        Grammar? grammar = null;
        Exception? fault = null;
        try
        {
            var limits = entry.IsPatient ? _limits with { CompileTime = _limits.CompileTime * GrammarLimits.TakenTime } : _limits;
            grammar = Grammar.Compile(entry.Source!, _vocabulary.Value, _limits, _memory, new CompileMeter(limits, _time, entry.Stop.Token));
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
                if (fault is GrammarException why)
                {
                    _failures.Add(entry.Key, why, entry.IsPatient);
                }

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

    private void Remove(GrammarEntry entry)
    {
        if (_entries.TryGetValue(entry.Key, out var current) && ReferenceEquals(current, entry))
        {
            _entries.Remove(entry.Key);
        }
    }
}
