using System.Diagnostics;

namespace Crescent.Client.Load.Measures;

/// <summary>What happened in each second of a run; of longer ones the first <see cref="MostSeconds"/> are kept. Safe for use by many threads.</summary>
internal sealed class Timeline
{
    /// <summary>Seconds that are kept.</summary>
    public const int MostSeconds = 7200;

    private readonly Lock _gate = new();
    private readonly List<Second> _seconds = [];

    /// <summary>When the run began, in ticks.</summary>
    public long Began { get; set; }

    /// <summary>The seconds so far.</summary>
    public IReadOnlyList<Second> Seconds
    {
        get
        {
            lock (_gate)
            {
                return [.. _seconds];
            }
        }
    }

    /// <summary>A call has ended: counted in the second of its end, and its first token in the second of that.</summary>
    public void Add(in CallRecord call)
    {
        lock (_gate)
        {
            if (At(call.Intended) is { } asked)
            {
                asked.Asked++;
            }

            if (call.End == CallEnd.Whole && At(call.Ended) is { } ended)
            {
                ended.Whole++;
                ended.Tokens += call.OutputTokens;
            }
            else if (call.End is not (CallEnd.Whole or CallEnd.Cancelled or CallEnd.Unfinished) && At(call.Ended) is { } failed)
            {
                failed.Failed++;
            }

            if (call.First > 0 && At(call.First) is { } first)
            {
                first.Firsts++;
                first.FirstIntended += (double)(call.First - call.Intended) / Stopwatch.Frequency;
                first.FirstActual += (double)(call.First - call.Started) / Stopwatch.Frequency;
            }
        }
    }

    private Second? At(long ticks)
    {
        var at = (ticks - Began) / Stopwatch.Frequency;
        if (Began == 0 || at is < 0 or >= MostSeconds)
        {
            return null;
        }

        while (_seconds.Count <= at)
        {
            _seconds.Add(new Second());
        }

        return _seconds[(int)at];
    }

    /// <summary>One second.</summary>
    internal sealed class Second
    {
        /// <summary>Calls that were to start.</summary>
        public int Asked { get; set; }

        /// <summary>Whole answers.</summary>
        public int Whole { get; set; }

        /// <summary>Failures.</summary>
        public int Failed { get; set; }

        /// <summary>Tokens of the whole answers.</summary>
        public long Tokens { get; set; }

        /// <summary>First tokens.</summary>
        public int Firsts { get; set; }

        /// <summary>Sum of their times from the intended starts, s.</summary>
        public double FirstIntended { get; set; }

        /// <summary>Sum of their times from the actual starts, s.</summary>
        public double FirstActual { get; set; }
    }
}
