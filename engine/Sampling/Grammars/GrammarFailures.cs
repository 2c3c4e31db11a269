namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Why sources could not be compiled, for a while: whoever sends one again is answered at once, and takes nobody's time. Under the lock of the
/// <see cref="GrammarCache"/>.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class GrammarFailures(TimeProvider time)
{
    /// <summary>How long each is kept.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);

    /// <summary>Failures that are kept: the oldest goes first.</summary>
    public const int MaxCount = 1024;

    /// <summary>Characters of a message that is kept: names and texts of a source stand in it.</summary>
    public const int MaxLength = 1024;

    private readonly Dictionary<GrammarKey, (GrammarException Fault, bool WasPatient, long At)> _kept = [];
    private readonly Queue<(GrammarKey Key, long At)> _oldest = [];

    /// <summary>Why a source could not be compiled; null where that is not known, or it may be compiled in the time that there is now.</summary>
    /// <param name="key">Of the source.</param>
    /// <param name="isPatient">Whether it has the time of a request that was taken.</param>
    public GrammarException? Find(GrammarKey key, bool isPatient) =>
        _kept.TryGetValue(key, out var kept) && time.GetElapsedTime(kept.At) < KeptFor && (!kept.Fault.IsTimeLimit || kept.WasPatient || !isPatient) ? kept.Fault : null;

    /// <summary>Keeps one.</summary>
    public void Add(GrammarKey key, GrammarException fault, bool wasPatient)
    {
        if (fault.Message.Length > MaxLength)
        {
            return;
        }

        var now = time.GetTimestamp();
        _kept[key] = (fault, wasPatient, now);
        _oldest.Enqueue((key, now));
        while (_oldest.TryPeek(out var oldest) && (_oldest.Count > MaxCount || time.GetElapsedTime(oldest.At, now) >= KeptFor))
        {
            _oldest.Dequeue();
            if (_kept.TryGetValue(oldest.Key, out var kept) && kept.At == oldest.At)
            {
                _kept.Remove(oldest.Key);
            }
        }
    }
}
