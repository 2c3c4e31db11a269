namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Watches one compilation as it grows: its states, its bytes, its time, and whether anybody still wants it.</summary>
/// <param name="limits">The bounds.</param>
/// <param name="time">The clock.</param>
/// <param name="cancellation">Nobody wants it any more.</param>
internal sealed class CompileMeter(GrammarLimits limits, TimeProvider? time = null, CancellationToken cancellation = default)
{
    /// <summary>Things done between two looks at the clock.</summary>
    private const int Period = 2048;

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly long _started = (time ?? TimeProvider.System).GetTimestamp();
    private int _untilLook = Period;
    private long _bytes;
    private int _states;
    private long _maxStates = limits.MaxStates;
    private long _maxBytes = limits.MaxBytes;
    private TimeSpan _maxTime = limits.CompileTime;

    /// <summary>States and bytes so far; what is undone is given back by setting it to what it was.</summary>
    public (int States, long Bytes) Taken
    {
        get => (_states, _bytes);
        set => (_states, _bytes) = value;
    }

    /// <summary>
    /// Gives room for several grammars in one: states for each and for what they share, up to half of the bytes that all compiled grammars may take, and up to four times
    /// as long.
    /// </summary>
    public void Widen(int grammars)
    {
        if (grammars > 1)
        {
            _maxStates = (long)limits.MaxStates * (grammars + 1);
            _maxBytes = Math.Max(limits.MaxBytes, Math.Min(limits.MaxBytes * grammars, limits.CacheBytes / 2));
            _maxTime = limits.CompileTime * Math.Min(grammars, 4);
        }
    }

    /// <summary>Pieces of work done, for tests: what they grow with is what compiling costs.</summary>
    public long Done { get; private set; }

    /// <summary>A state more, and the bytes that it takes.</summary>
    /// <exception cref="GrammarException">It is one too many.</exception>
    public void AddState(int bytes)
    {
        if (++_states > _maxStates)
        {
            throw Beyond($"the grammar needs more than {_maxStates} states, the limit here; lower the bounds of repetitions, lengths and items");
        }

        AddBytes(bytes);
    }

    /// <summary>Memory more, and a piece of work.</summary>
    /// <exception cref="GrammarException">It is too much.</exception>
    public void AddBytes(int bytes)
    {
        _bytes += bytes;
        if (_bytes > _maxBytes)
        {
            throw Beyond($"the grammar needs more than {_maxBytes >> 10} KiB, the limit here; lower the bounds of repetitions, lengths and items, or leave alternatives out");
        }

        Work();
    }

    /// <summary>A piece of work, of less than a few microseconds.</summary>
    /// <exception cref="GrammarException">It has taken too long.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for it.</exception>
    public void Work()
    {
        Done++;
        if (--_untilLook > 0)
        {
            return;
        }

        _untilLook = Period;
        cancellation.ThrowIfCancellationRequested();
        if (_time.GetElapsedTime(_started) > _maxTime)
        {
            throw new GrammarException("#", $"the grammar was not compiled within {_maxTime.TotalSeconds:0.###} s, the limit here; make it smaller") { IsLimit = true, IsTimeLimit = true };
        }
    }

    private static GrammarException Beyond(string fault) => new("#", fault) { IsLimit = true };
}
