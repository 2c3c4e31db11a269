namespace Crescent.Engine.Scheduling;

/// <summary>How prompts share what decodes leave of a step.</summary>
internal sealed partial class Scheduler
{
    /// <summary>
    /// Shares what is left of the step out among prompts in the order of class and age. In a first round each gets no more than its share, if others of its class
    /// or a higher one want some too; then what nobody else could take.
    /// </summary>
    private void PlanPrompts(bool admits, bool ahead)
    {
        _prompts.Fill(_running, _kv);
        _shares.Open(_prompts.Sequences, _waiting);
        var (at, turn, first) = (0, long.MaxValue, default(Sequence));
        while (_budget.Tokens > 0 && !_budget.Pauses)
        {
            admits &= _running.Count < (_waiting.HasResumed ? _maxWithResumed : _maxRunning) && _step.Plan.LogitsRowCount + _grants.Count < _device.Info.MaxLogitRows;
            first = admits ? first ?? _waiting.Next(out turn) : null;
            if (first is not null && (at == _prompts.Count || turn < _prompts[at].Urgency || _waiting.Overtakes(first, _prompts[at])))
            {
                admits = Start(first, at == _prompts.Count ? turn : Math.Min(turn, _prompts[at].Urgency - 1));
                first = null;
            }
            else if (at < _prompts.Count)
            {
                // One that finds no blocks gets the next that are free, before anybody new.
                admits &= Continue(_prompts[at++]);
            }
            else
            {
                break;
            }
        }

        if (_step.Scheduled.Count + _grants.Count == 0 && !ahead)
        {
            ContinueFirst();
        }

        FillUp();
    }

    /// <summary>Starts a waiting sequence, or sets it aside for another that computes what it needs.</summary>
    /// <returns>False when there are no blocks for it, or no time is left.</returns>
    private bool Start(Sequence sequence, long turn)
    {
        var prefix = _admission.Look(sequence);
        if (prefix.IsComing)
        {
            Raise(prefix.Leader!, sequence);
            _pending.Park(sequence, prefix.Leader!, prefix.Positions);
            return true;
        }

        if (Programs.TryHold(sequence, prefix.Positions))
        {
            return true;
        }

        var chunk = _shares.First(sequence, prefix.Positions);
        if (chunk == 0 || !_admission.TryTakeBlocks(sequence, prefix, chunk, alone: _running.Count == 0))
        {
            return false;
        }

        _waiting.Start(sequence, turn);
        InsertRunning(sequence);
        _pending.Announce(sequence);
        Counters.CountStart(sequence);

        // A device that copies at once lets it take part in this very step.
        _transfers.HandOver();
        if (_kv.IsThere(sequence.Table))
        {
            Grant(sequence, Math.Min(chunk, sequence.Remaining));
        }

        return true;
    }

    /// <summary>False when there are no blocks for the next chunk of a running sequence.</summary>
    private bool Continue(Sequence sequence)
    {
        var chunk = _shares.First(sequence, sequence.Position);
        if (chunk > 0 && !_kv.TryGrow(sequence.Table, sequence.Position + chunk))
        {
            return false;
        }

        Grant(sequence, chunk);
        return true;
    }

    /// <summary>No running sequence can go on, so none will give blocks back: the first gets those of the last.</summary>
    private void ContinueFirst()
    {
        if (_running.Find(running => !running.WaitsForMask && _kv.IsThere(running.Table)) is not { } sequence)
        {
            return;
        }

        var chunk = _shares.Rest(sequence, sequence.Computed);
        while (!_kv.TryGrow(sequence.Table, sequence.Computed + chunk))
        {
            // One that waits for its mask may be before it: then it may be the last itself.
            var last = _running[^1];
            Preempt(last);
            if (ReferenceEquals(last, sequence))
            {
                return;
            }
        }

        Grant(sequence, chunk);
    }

    /// <summary>Gives what is left to prompts that had no more than their share.</summary>
    private void FillUp()
    {
        // Where states are kept, a prompt's part ends where one is to be.
        for (var i = 0; i < _grants.Count && _budget.Tokens > 0 && !_kv.HasStates; i++)
        {
            var (sequence, tokens) = _grants[i];
            var more = _shares.Rest(sequence, sequence.Position + tokens);
            if (more > 0 && _kv.TryGrow(sequence.Table, sequence.Position + tokens + more))
            {
                _shares.Take(sequence, sequence.Position + tokens, more);
                _grants[i] = new PromptGrant(sequence, tokens + more);
            }
        }
    }

    private void Grant(Sequence sequence, int tokens)
    {
        if (_kv.HasStates)
        {
            tokens = Math.Min(tokens, KeptStates.UntilNext(_kv.BlockSize, sequence, _stateInterval));

            // Logits that are not drawn from are made again with the last token, which a state must see once.
            tokens = sequence.WaitsForMask ? Math.Min(tokens, sequence.Remaining - 1) : tokens;
        }

        if (tokens > 0)
        {
            _shares.Take(sequence, sequence.Position, tokens);
            _grants.Add(new PromptGrant(sequence, tokens));
        }
    }

    /// <summary>Nobody waits for one who is less urgent than he is: those that <paramref name="follower"/> will wait for become as urgent.</summary>
    private void Raise(Sequence leader, Sequence follower)
    {
        for (var next = leader; next is not null && next.Inherit(follower); next = next.Leader)
        {
            if (next.IsWaiting)
            {
                _waiting.Raise(next);
            }
            else if (_running.Remove(next))
            {
                InsertRunning(next);
            }
        }
    }
}
