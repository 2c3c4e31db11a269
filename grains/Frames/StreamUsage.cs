using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Frames;

/// <summary>
/// What a stream has taken over all its attempts. Those whose device told at their end count as it told. One that died with its device counts with
/// what this front end saw: the time to its first token as prefill, its tokens at the joules a token of the attempts that told. Nothing is known of
/// one that died before its first token; it is left out.
/// </summary>
/// <remarks>Its stream locks it.</remarks>
internal sealed class StreamUsage(TimeProvider time)
{
    private readonly List<Attempt> _attempts = [];

    /// <summary>A device has taken an attempt.</summary>
    public void Assign(int attempt, string device)
    {
        var found = Find(attempt);
        found.Device = device;
        found.AssignedAt = time.GetTimestamp();
    }

    /// <summary>A token of an attempt has come.</summary>
    public void Token(int attempt)
    {
        var found = Find(attempt);
        found.LastAt = time.GetTimestamp();
        found.FirstAt = found.Tokens++ == 0 ? found.LastAt : found.FirstAt;
    }

    /// <summary>An attempt has ended on its device, which tells what it took; also long after it was given up.</summary>
    public void End(int attempt, SequenceUsage usage) => Find(attempt).Told = usage;

    /// <summary>All attempts together.</summary>
    public StreamTotals Total()
    {
        var total = new StreamTotals();
        var tokens = 0;
        var lost = 0;
        foreach (var attempt in _attempts)
        {
            if (attempt.Device is not null || attempt.Told is not null)
            {
                total.Attempts++;
            }

            if (attempt.Told is { } told)
            {
                tokens += told.OutputTokens;
                total.Queue += told.QueueTime;
                total.Prefill += told.PrefillTime;
                total.Decode += told.DecodeTime;
                total.Joules += told.Joules;
                total.Simulated |= told.Simulated;
                total.Sources.Add(told.EnergySource);

                // Later attempts find the tokens of the earlier in the cache too, which is none of the prompt's. One that left before it had begun has looked for nothing.
                if (told.PrefillTime > TimeSpan.Zero || told.OutputTokens > 0)
                {
                    total.CachedTokens ??= told.CachedTokens;
                }
            }
            else if (attempt.Tokens > 0)
            {
                lost += attempt.Tokens;
                total.Prefill += attempt.AssignedAt == 0 ? TimeSpan.Zero : time.GetElapsedTime(attempt.AssignedAt, attempt.FirstAt);
                total.Decode += time.GetElapsedTime(attempt.FirstAt, attempt.LastAt);
            }
        }

        total.EstimatedJoules = tokens == 0 ? 0 : total.Joules / tokens * lost;
        total.Joules += total.EstimatedJoules;
        return total;
    }

    private Attempt Find(int number)
    {
        // Mostly the last, a token's always.
        for (var i = _attempts.Count - 1; i >= 0; i--)
        {
            if (_attempts[i].Number == number)
            {
                return _attempts[i];
            }
        }

        var added = new Attempt(number);
        _attempts.Add(added);
        return added;
    }

    private sealed class Attempt(int number)
    {
        public int Number { get; } = number;

        public string? Device { get; set; }

        public int Tokens { get; set; }

        // Timestamps; 0 until it happened.
        public long AssignedAt { get; set; }

        public long FirstAt { get; set; }

        public long LastAt { get; set; }

        public SequenceUsage? Told { get; set; }
    }
}
