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

    /// <summary>Pieces of work done, for tests: what they grow with is what compiling costs.</summary>
    public long Done { get; private set; }

    /// <summary>A state more, and the bytes that it takes.</summary>
    /// <exception cref="GrammarException">It is one too many.</exception>
    public void AddState(int bytes)
    {
        if (++_states > limits.MaxStates)
        {
            throw Beyond($"the grammar needs more than {limits.MaxStates} states, the limit here; lower the bounds of repetitions, lengths and items");
        }

        AddBytes(bytes);
    }

    /// <summary>Memory more, and a piece of work.</summary>
    /// <exception cref="GrammarException">It is too much.</exception>
    public void AddBytes(int bytes)
    {
        _bytes += bytes;
        if (_bytes > limits.MaxBytes)
        {
            throw Beyond($"the grammar needs more than {limits.MaxBytes >> 10} KiB, the limit here; lower the bounds of repetitions, lengths and items, or leave alternatives out");
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
        if (_time.GetElapsedTime(_started) > limits.CompileTime)
        {
            throw Beyond($"the grammar was not compiled within {limits.CompileTime.TotalSeconds:0.###} s, the limit here; make it smaller");
        }
    }

    private static GrammarException Beyond(string fault) => new("#", fault) { IsLimit = true };
}
