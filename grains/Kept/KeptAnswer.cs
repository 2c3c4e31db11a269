using System.Buffers;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Kept;

/// <summary>One answer that its keeper makes and keeps: claimed, under way, at its end. For several threads.</summary>
/// <param name="ask">What it is kept by, and what was asked for.</param>
/// <param name="claim">Of whoever is to begin it.</param>
/// <param name="time">The clock.</param>
internal sealed class KeptAnswer(KeptAsk ask, long claim, TimeProvider time)
{
    /// <summary>What is counted for an answer beside its bytes.</summary>
    public const int Overhead = 1024;

    /// <summary>Bytes of a page; more come with the next.</summary>
    private const int PageBytes = 1 << 18;

    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _records = new();
    private readonly List<ChatUsage> _bills = [];
    private TaskCompletionSource _news = News();
    private long _since = time.GetTimestamp();
    private int _readers;
    private KeptFailure? _failure;
    private KeptStart? _start;
    private long _promptBytes;
    private bool _ended;
    private bool _letGo;
    private Action? _cancel;

    /// <summary>What it is kept by, and what was asked for.</summary>
    public KeptAsk Ask => ask;

    /// <summary>The claim that <see cref="Begin"/> must make good.</summary>
    public long Claim => claim;

    /// <summary>Null until it is begun.</summary>
    public KeptHead? Head { get; private set; }

    /// <summary>Whose its energy and tokens are.</summary>
    public string Tenant { get; private set; } = "";

    /// <summary>The agent task that it is of.</summary>
    public string Task { get; private set; } = "";

    /// <summary>Whether it has come to an end, of whatever kind.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_lock)
            {
                return _ended;
            }
        }
    }

    /// <summary>Whether nobody wants it any more.</summary>
    public bool IsUnwanted { get; private set; }

    /// <summary>What its keeper has counted of <see cref="Bytes"/>.</summary>
    public long Counted { get; set; }

    /// <summary>What it takes, bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return Overhead + _promptBytes + _records.Capacity;
            }
        }
    }

    /// <summary>Bytes of its records.</summary>
    public int Length
    {
        get
        {
            lock (_lock)
            {
                return _records.WrittenCount;
            }
        }
    }

    /// <summary>For how long it has been as it is: claimed, without a reader, or at its end.</summary>
    public TimeSpan Age
    {
        get
        {
            lock (_lock)
            {
                return _readers > 0 && !_ended ? TimeSpan.Zero : time.GetElapsedTime(_since);
            }
        }
    }

    /// <summary>Begins it, or goes on with what there is of it.</summary>
    public void Begin(KeptStart start)
    {
        lock (_lock)
        {
            (Head, _start, _since) = (start.Head, start, time.GetTimestamp());
            (Tenant, Task) = (start.Calls[0].Tenant, start.Calls[0].Task);
            _records.Write(start.Records);
            _promptBytes = start.Calls.DistinctBy(static call => call.Prompt).Sum(static call => sizeof(int) * (long)call.Prompt.Length);
            Tell();
        }
    }

    /// <summary>After a failure that came when there was something of it: what is to go on; null where nothing is.</summary>
    public KeptStart? Resume()
    {
        lock (_lock)
        {
            if (_failure is null || _start is null || _records.WrittenCount == 0)
            {
                return null;
            }

            (_failure, _ended, _since) = (null, false, time.GetTimestamp());
            return _start with { Records = _records.WrittenSpan.ToArray() };
        }
    }

    /// <summary>Whether it failed before there was anything of it: as if it had never been.</summary>
    public bool IsVoid
    {
        get
        {
            lock (_lock)
            {
                return _failure is not null && _records.WrittenCount == 0;
            }
        }
    }

    /// <summary>Whether <paramref name="records"/> are how it begins.</summary>
    public bool BeginsWith(ReadOnlySpan<byte> records)
    {
        lock (_lock)
        {
            return _records.WrittenSpan.StartsWith(records);
        }
    }

    /// <summary>Takes a chunk of a choice.</summary>
    public void Append(int choice, in GenerationChunk chunk)
    {
        lock (_lock)
        {
            KeptRecords.Write(_records, choice, chunk);
            Tell();
        }
    }

    /// <summary>A call has taken something that its tenant is to be charged for.</summary>
    /// <returns>False when nobody can be told of it any more.</returns>
    public bool TryBill(ChatUsage usage)
    {
        lock (_lock)
        {
            if (!_letGo)
            {
                _bills.Add(usage);
            }

            return !_letGo;
        }
    }

    /// <summary>Ends it, if it has not ended; it is not to be found any more.</summary>
    /// <returns>What nobody was told of that its calls have taken.</returns>
    public ChatUsage[] LetGo()
    {
        lock (_lock)
        {
            _letGo = true;
            Cancel();
            ChatUsage[] bills = [.. _bills];
            _bills.Clear();
            Tell();
            return bills;
        }
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="failure">Null where it is whole.</param>
    public void End(KeptFailure? failure)
    {
        lock (_lock)
        {
            (_failure, _ended, _since) = (failure, true, time.GetTimestamp());
            if (failure is null)
            {
                // Its prompts are not needed again.
                _start = null;
                _promptBytes = 0;
            }

            Tell();
        }
    }

    /// <summary>More of it, waited for up to <paramref name="patience"/>.</summary>
    public async Task<KeptPage> Read(KeptRead read, TimeSpan patience)
    {
        System.Threading.Tasks.Task news;
        lock (_lock)
        {
            if (_letGo || Head?.Epoch != read.Epoch || read.Offset > _records.WrittenCount)
            {
                return new KeptPage();
            }

            if (_ended || read.Offset < _records.WrittenCount)
            {
                See();
                return Page(read.Offset);
            }

            _readers += read.IsWanted ? 1 : 0;
            news = _news.Task;
        }

        try
        {
            await news.WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            // It asks again: so it is known that it is there.
        }

        lock (_lock)
        {
            _readers -= read.IsWanted ? 1 : 0;
            See();
            return _letGo ? new KeptPage() : Page(read.Offset);
        }

        void See()
        {
            if (read.IsWanted && !_ended)
            {
                _since = time.GetTimestamp();
            }
        }
    }

    /// <summary>Nobody wants it any more.</summary>
    public void Cancel()
    {
        lock (_lock)
        {
            IsUnwanted = true;
            _cancel?.Invoke();
        }
    }

    /// <summary>What is to be called when nobody wants it any more: at once, where that is so; null for nothing more.</summary>
    public void OnCancel(Action? cancel)
    {
        lock (_lock)
        {
            _cancel = cancel;
            if (IsUnwanted)
            {
                cancel?.Invoke();
            }
        }
    }

    private static TaskCompletionSource News() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private KeptPage Page(int offset)
    {
        var records = _records.WrittenSpan[offset..];
        var all = records.Length <= PageBytes;
        ChatUsage[] bills = [.. _bills];
        _bills.Clear();
        return new KeptPage
        {
            IsKnown = true,
            Records = (all ? records : records[..PageBytes]).ToArray(),
            HasEnded = _ended && all,
            Failure = all ? _failure : null,
            Bills = bills,
        };
    }

    private void Tell()
    {
        _news.TrySetResult();
        _news = News();
    }
}
