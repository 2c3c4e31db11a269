using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;

namespace Crescent.Grains.Streams;

/// <summary>
/// The tokens of one stream at its front end: all it has emitted, so that a lost attempt can be repeated from where it stopped. One
/// reader; frames may come on any thread. Offsets are contiguous: what is there already is dropped, a gap loses the attempt. Holds no
/// more than the call's token budget, so a slow reader needs no back-pressure on the engine.
/// </summary>
/// <param name="id">Stream number of its tickets.</param>
/// <param name="maxTokens">Most tokens that it may have.</param>
/// <param name="time">The clock.</param>
/// <param name="resumed">Tokens that its call came with: devices count them, and it does not.</param>
internal sealed class TokenStream(long id, int maxTokens, TimeProvider time, int resumed = 0)
{
    private readonly Lock _lock = new();
    private readonly WakeUp _news = new();
    private readonly List<int> _tokens = [];
    private readonly StreamUsage _usage = new(time);
    private string[] _failed = [];

    // What the reader has until it reads again, and what comes meanwhile.
    private StreamNews _read = new();
    private StreamNews _fresh = new();
    private int _attempt;
    private StreamEnd? _end;
    private string? _lost;
    private bool _moved;

    /// <summary>Whether its device has told its end.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_lock)
            {
                return _end is not null;
            }
        }
    }

    /// <summary>Stream number of its tickets.</summary>
    public long Id { get; } = id;

    /// <summary>The spans of its call; null where it is not traced.</summary>
    public CallTrace? Trace { get; init; }

    /// <summary>Tokens emitted so far, over all attempts.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _tokens.Count;
            }
        }
    }

    /// <summary>A copy of them.</summary>
    public int[] Tokens
    {
        get
        {
            lock (_lock)
            {
                return [.. _tokens];
            }
        }
    }

    /// <summary>Tokens that may still come.</summary>
    public int Left => maxTokens - Count;

    /// <summary>The attempt in force.</summary>
    public StreamTicket Ticket => new(Id, Volatile.Read(ref _attempt));

    /// <summary>The device that has the attempt (<c>silo/device</c>), or null while it is being placed.</summary>
    public string? Device { get; private set; }

    /// <summary>The silo that owns <see cref="Device"/>.</summary>
    public SiloAddress? Owner { get; private set; }

    /// <summary>When the stream was opened.</summary>
    public long OpenedAt { get; } = time.GetTimestamp();

    /// <summary>When a frame of the attempt last came, or its device last said that it still has it.</summary>
    public long LastHeard { get; private set; } = time.GetTimestamp();

    /// <summary>Calls in a row that asked the device in vain whether it still has the attempt.</summary>
    public int Strikes { get; private set; }

    /// <summary>Attempts that were lost.</summary>
    public int Losses { get; private set; }

    /// <summary>Attempts that were given up as planned, on devices that were well.</summary>
    public int Moves { get; private set; }

    /// <summary>Why the attempt before that in force was given up; null for the first.</summary>
    public string? Cause { get; private set; }

    /// <summary>Devices (<c>silo/device</c>) that have refused, failed or lost it.</summary>
    public string[] Failed => Volatile.Read(ref _failed);

    /// <summary>What it has taken so far, over all attempts.</summary>
    public StreamTotals Usage
    {
        get
        {
            lock (_lock)
            {
                return _usage.Total();
            }
        }
    }

    /// <summary>Gives up the attempt in force, if any, and begins the next.</summary>
    /// <returns>Its ticket, and the tokens that were emitted before it.</returns>
    public (StreamTicket Ticket, int[] Emitted) BeginAttempt()
    {
        lock (_lock)
        {
            _attempt++;
            Cause = _lost ?? Cause;
            _lost = null;
            _moved = false;
            Device = null;
            Owner = null;
            return (Ticket, _tokens.ToArray());
        }
    }

    /// <summary>Remembers a device that has failed it. For the one who places it.</summary>
    public void Fail(string device)
    {
        if (Array.IndexOf(_failed, device) < 0)
        {
            Volatile.Write(ref _failed, [.. _failed, device]);
        }
    }

    /// <summary>Gives the devices that have failed it another chance: there are no others.</summary>
    public void Forgive() => Volatile.Write(ref _failed, []);

    /// <summary>A device has taken the attempt.</summary>
    public void Assign(StreamTicket ticket, string device, SiloAddress owner)
    {
        lock (_lock)
        {
            if (ticket == Ticket)
            {
                Device = device;
                Owner = owner;
                _usage.Assign(ticket.Attempt, device);
                Hear();
            }
        }
    }

    /// <summary>Takes a record.</summary>
    /// <returns>False when the sender should stop: the record's attempt is not the one in force, or it left a gap.</returns>
    public bool Accept(in FrameRecord record)
    {
        lock (_lock)
        {
            if (record is { Finish: not FinishReason.None, Usage: { } told })
            {
                // Also of an attempt that was given up: its device may tell later what it took.
                _usage.End(record.Ticket.Attempt, told);
            }

            if (record.Ticket != Ticket || _lost is not null || _end is not null)
            {
                return record.Ticket == Ticket && _end is not null;
            }

            Hear();
            var offset = record.Offset - resumed;
            if (offset > _tokens.Count)
            {
                return Lose($"tokens {_tokens.Count} to {offset - 1} are missing");
            }

            if (record.Token >= 0 && offset == _tokens.Count)
            {
                if (_tokens.Count == maxTokens)
                {
                    return Lose($"more than the {maxTokens} tokens asked for came");
                }

                _tokens.Add(record.Token);
                _fresh.Tokens.Add(record.Token);
                _usage.Token(record.Ticket.Attempt);
                if (record.Logprobs is { } logprobs)
                {
                    _fresh.Logprobs.Add(logprobs);
                }

                _fresh.Append(record.Text);
            }
            else if (record.Token < 0)
            {
                _fresh.Append(record.Text);
            }

            switch (record.Finish)
            {
                case FinishReason.None:
                    break;
                case FinishReason.Stop or FinishReason.Length or FinishReason.Deadline or FinishReason.Refused:
                    _end = new StreamEnd(record.Finish, record.Usage!, record.Error, record.Embedding);
                    break;
                default:
                    Lose(record.Error ?? "its device cancelled it");
                    break;
            }

            _news.Tell();
            return true;
        }
    }

    /// <summary>Tells the reader that <paramref name="ticket"/>'s attempt is lost, unless another is in force.</summary>
    public void LoseAttempt(StreamTicket ticket, string reason)
    {
        lock (_lock)
        {
            if (ticket == Ticket && _end is null && _lost is null)
            {
                Lose(reason);
            }
        }
    }

    /// <summary>Gives up <paramref name="ticket"/>'s attempt as planned: its device is well, and another may take what is left.</summary>
    /// <returns>False when it stays: it has ended, is lost, has all its tokens or no device, or another is in force.</returns>
    public bool Move(StreamTicket ticket, string reason)
    {
        lock (_lock)
        {
            // An embedding's stream has no tokens to come.
            var complete = _tokens.Count == maxTokens && maxTokens > 0;
            if (ticket != Ticket || Device is null || complete || _end is not null || _lost is not null)
            {
                return false;
            }

            Moves++;
            _moved = true;
            _lost = reason;
            _news.Tell();
            return true;
        }
    }

    /// <summary>The device was asked whether it still has the attempt.</summary>
    /// <param name="ticket">The attempt it was asked for.</param>
    /// <param name="answered">Whether it said yes.</param>
    public void Asked(StreamTicket ticket, bool answered)
    {
        lock (_lock)
        {
            if (ticket == Ticket && answered)
            {
                Hear();
            }
            else if (ticket == Ticket)
            {
                Strikes++;
            }
        }
    }

    /// <summary>Waits until there is something to read, or <see cref="Wake"/>.</summary>
    public ValueTask Wait() => _news.Wait();

    /// <summary>Wakes the reader although nothing has come.</summary>
    public void Wake() => _news.Tell();

    /// <summary>Takes what has come since the last read, and gives back what that gave.</summary>
    public StreamRead Read()
    {
        lock (_lock)
        {
            (_read, _fresh) = (_fresh, _read);
            _fresh.Clear();
            return new StreamRead(_read.Tokens, _read.Utf8, _read.Logprobs, _end, _lost, _moved);
        }
    }

    private bool Lose(string reason)
    {
        Losses++;
        _lost = reason;
        _news.Tell();
        return false;
    }

    private void Hear()
    {
        LastHeard = time.GetTimestamp();
        Strikes = 0;
    }
}
