namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A compiled grammar in use: as long as somebody has a lease, its bytes count as taken. To be disposed; one that is forgotten gives its bytes back when it is collected.</summary>
public sealed class GrammarLease : IDisposable
{
    private Action? _release;

    internal GrammarLease(Grammar grammar, Action release)
    {
        Grammar = grammar;
        _release = release;
    }

    ~GrammarLease() => Release();

    /// <summary>The grammar.</summary>
    public Grammar Grammar { get; }

    /// <summary>Not needed any more.</summary>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
