using Crescent.Engine.Devices;

namespace Crescent.Engine.Scheduling;

/// <summary>A step from its planning to its end.</summary>
/// <param name="blockSize">The device's.</param>
/// <param name="withTables">See <see cref="StepPlan"/>.</param>
/// <param name="groups">Groups of layers that have tables of their own.</param>
internal sealed class StepInFlight(KvBlockSize blockSize, bool withTables, int groups = 1)
{
    /// <summary>What the device does.</summary>
    public StepPlan Plan { get; } = new(blockSize, withTables, groups);

    /// <summary>The sequences of the plan, in its order.</summary>
    public List<ScheduledSequence> Scheduled { get; } = [];

    /// <summary>What it was taken to cost.</summary>
    public StepForecast Forecast { get; set; }

    /// <summary>Timestamp of its beginning.</summary>
    public long BeganAt { get; set; }

    /// <summary>Whether a later step may be planned before its tokens are known.</summary>
    public bool AllowsAhead
    {
        get
        {
            foreach (var scheduled in Scheduled)
            {
                if (scheduled.LogitsRow >= 0 && scheduled.Sequence is { HasEnded: false, NeedsItsToken: true })
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Empties it for the next step.</summary>
    public void Clear()
    {
        Plan.Clear();
        Scheduled.Clear();
    }

    /// <summary>Adds the next <paramref name="tokens"/> known tokens of a sequence.</summary>
    public void Add(Sequence sequence, int tokens)
    {
        var embeds = sequence.Pool is not null;
        var last = !embeds && sequence.Position + tokens == sequence.TokenCount;
        var hidden = embeds ? Plan.HiddenRowCount : -1;
        var repeats = sequence.Repeats;
        var row = Plan.Add(
            sequence.Tokens.Slice(sequence.Position - repeats, repeats + tokens),
            sequence.Position - repeats,
            sequence.Table.Blocks,
            !last ? LogitsWanted.None : repeats > 0 ? LogitsWanted.All : LogitsWanted.Last,
            embeds || sequence.WantsHiddenStates,
            sequence.Table.State,
            repeats);
        AddTables(sequence);

        // Where all rows are wanted for the sake of what is computed again, that of the last token is drawn from.
        Scheduled.Add(new ScheduledSequence(sequence, tokens, last ? row + (repeats > 0 ? tokens - 1 : 0) : -1, hidden));
    }

    /// <summary>Adds the newest token of a sequence and its guesses.</summary>
    public void AddGuessed(Sequence sequence)
    {
        var row = Plan.Add(
            sequence.LastTokenAndGuess,
            sequence.Position - sequence.Repeats,
            sequence.Table.Blocks,
            LogitsWanted.All,
            sequence.WantsHiddenStates,
            sequence.Table.State,
            repeated: sequence.Repeats,
            spareSlot: sequence.Table.Spare);
        AddTables(sequence);
        Scheduled.Add(new ScheduledSequence(sequence, 1, row));
    }

    /// <summary>Adds the newest token of a sequence, which the step before still draws.</summary>
    public void AddDrawn(Sequence sequence)
    {
        var row = Plan.AddDrawn(sequence.DrawnRow, sequence.Position, sequence.Table.Blocks, sequence.Table.State);
        AddTables(sequence);
        Scheduled.Add(new ScheduledSequence(sequence, 1, row));
    }

    /// <summary>It is begun: its sequences are as far as it will bring them.</summary>
    public void Begin(long now)
    {
        BeganAt = now;
        foreach (var scheduled in Scheduled)
        {
            var sequence = scheduled.Sequence;
            sequence.StartedAt = sequence.StartedAt == 0 ? now : sequence.StartedAt;
            sequence.InFlight += scheduled.Tokens;
            if (scheduled.LogitsRow >= 0)
            {
                sequence.Undrawn++;
                sequence.DrawnRow = scheduled.LogitsRow;
            }
        }
    }

    /// <summary>It has ended.</summary>
    public void End()
    {
        foreach (var scheduled in Scheduled)
        {
            scheduled.Sequence.InFlight -= scheduled.Tokens;
            scheduled.Sequence.Undrawn -= scheduled.LogitsRow >= 0 ? 1 : 0;
        }
    }

    private void AddTables(Sequence sequence)
    {
        for (var group = 1; group < groups; group++)
        {
            var run = sequence.Table.Run(group);
            Plan.AddTable(run.Blocks, run.First);
        }
    }
}
