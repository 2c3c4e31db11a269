namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A grammar of a <see cref="GrammarCache"/>, from the first that asks for it on. Under the lock of the cache.</summary>
internal sealed class GrammarEntry
{
    public GrammarEntry(GrammarKey key, GrammarSource source)
    {
        (Key, Source, Length) = (key, source, source.Text.Length);

        // When all have left there is nobody to see how it failed.
        _ = Compiled.Task.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public GrammarKey Key { get; }

    /// <summary>Until it is compiled.</summary>
    public GrammarSource? Source { get; set; }

    /// <summary>Characters of the source.</summary>
    public int Length { get; }

    /// <summary>The tenants in whose turns it waits to be compiled; kept by the <see cref="GrammarQueue"/>.</summary>
    public List<string> Tenants { get; } = [];

    /// <summary>Whether compiling it has begun.</summary>
    public bool HasBegun { get; set; }

    /// <summary>Whether it is compiled within the time of requests that were taken; as it was when that began.</summary>
    public bool IsPatient { get; set; }

    public TaskCompletionSource<Grammar> Compiled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Those that wait for it or use it.</summary>
    public int Users { get; set; }

    /// <summary>Once it is compiled.</summary>
    public long Bytes { get; set; }

    public long LastUse { get; set; }
}
