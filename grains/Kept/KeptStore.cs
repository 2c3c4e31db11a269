using System.Security.Cryptography;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Kept;

/// <summary>
/// The answers that this silo makes for callers that may ask for them again, and keeps for a while after their end. In memory, within
/// <see cref="KeptOptions.Mib"/>: what ended first goes first. For several threads.
/// </summary>
internal sealed class KeptStore(
    IGenerationService generations, EnergyAccounts accounts, ILocalSiloDetails silo, IOptions<KeptOptions> options, TimeProvider time, ILogger<KeptStore> logger)
{
    /// <summary>A claim that is not made good within this is another's: a prompt is made in less.</summary>
    public static readonly TimeSpan ClaimTime = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, KeptAnswer> _answers = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>Answers, those that are only claimed included.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _answers.Count;
            }
        }
    }

    private long Limit => (long)(options.Value.Mib * (1 << 20));

    /// <summary>Whether there is anything under a key.</summary>
    public bool Has(string key)
    {
        lock (_lock)
        {
            return _answers.ContainsKey(key);
        }
    }

    /// <summary>Finds the answer to a request, or lets whoever asks begin it.</summary>
    public KeptReply Claim(KeptAsk ask)
    {
        lock (_lock)
        {
            if (_answers.TryGetValue(ask.Key, out var answer) && !IsGone(answer))
            {
                return !answer.Ask.Body.AsSpan().SequenceEqual(ask.Body) ? Reply(KeptState.Other)
                    : answer.Head is null ? Reply(KeptState.Pending)
                    : There(answer);
            }

            Remove(ask.Key);
            if (!MakeRoom(KeptAnswer.Overhead))
            {
                return Reply(KeptState.Full);
            }

            answer = Add(new KeptAnswer(ask, NewNumber(), time));
            return Reply(KeptState.Claimed) with { Claim = answer.Claim };
        }
    }

    /// <summary>Gives a key back that was claimed and is not begun.</summary>
    public void Release(string key, long claim)
    {
        lock (_lock)
        {
            if (_answers.TryGetValue(key, out var answer) && answer.Head is null && answer.Claim == claim)
            {
                Remove(key);
            }
        }
    }

    /// <summary>Begins what was claimed, or goes on with what another keeper has lost.</summary>
    public KeptReply Start(KeptStart start)
    {
        if (start.Version != KeptRecords.Version)
        {
            throw new InvalidDataException($"Records of version {start.Version}; this silo keeps {KeptRecords.Version}.");
        }

        lock (_lock)
        {
            if (_answers.TryGetValue(start.Ask.Key, out var answer) && !IsGone(answer))
            {
                if (!answer.Ask.Body.AsSpan().SequenceEqual(start.Ask.Body))
                {
                    return Reply(KeptState.Other);
                }

                if (answer.Head is not null)
                {
                    // Somebody else was faster. Where what it has is not how this one begins, its readers would see two answers as one.
                    return answer.BeginsWith(start.Records) ? There(answer) : Reply(KeptState.Other);
                }
            }

            Remove(start.Ask.Key);
            answer = new KeptAnswer(start.Ask, start.Claim, time);
            answer.Begin(start with { Head = start.Head with { Epoch = NewNumber() } });
            if (!MakeRoom(answer.Bytes))
            {
                return Reply(KeptState.Full);
            }

            Add(answer);
            _ = Task.Run(() => Make(answer, start));
            return There(answer);
        }
    }

    /// <summary>More of an answer, waited for up to <paramref name="patience"/>.</summary>
    public Task<KeptPage> Read(KeptRead read, TimeSpan patience)
    {
        KeptAnswer? answer;
        lock (_lock)
        {
            answer = _answers.GetValueOrDefault(read.Key);
        }

        return answer?.Read(read, patience) ?? Task.FromResult(new KeptPage());
    }

    /// <summary>Lets go what has had its time.</summary>
    public void Look()
    {
        lock (_lock)
        {
            foreach (var (key, answer) in _answers.ToArray())
            {
                var age = answer.Age;
                if (answer.HasEnded ? age >= TimeSpan.FromSeconds(options.Value.Seconds) : answer.Head is null && age > ClaimTime)
                {
                    Remove(key);
                }
                else if (!answer.HasEnded && answer.Head is not null && age > TimeSpan.FromSeconds(options.Value.AloneSeconds))
                {
                    KeptLog.Left(logger, answer.Head.Id, options.Value.AloneSeconds);
                    answer.Cancel();
                }
                else if (answer.IsUnwanted && answer.HasEnded)
                {
                    Remove(key);
                }
            }
        }
    }

    private static long NewNumber() => BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) | 1;

    private KeptReply Reply(KeptState state) => new() { State = state, Home = silo.Name };

    private KeptReply There(KeptAnswer answer)
    {
        if (answer.Resume() is { } rest)
        {
            _ = Task.Run(() => Make(answer, rest, again: true));
        }

        return Reply(KeptState.There) with { Head = answer.Head };
    }

    /// <summary>Whether there is nothing to find under its key although it is still here.</summary>
    private static bool IsGone(KeptAnswer answer) => answer.IsUnwanted || answer.IsVoid || (answer.Head is null && answer.Age > ClaimTime);

    private async Task Make(KeptAnswer answer, KeptStart start, bool again = false)
    {
        KeptFailure? failure = null;
        using var stop = new CancellationTokenSource();
        answer.OnCancel(() => _ = stop.CancelAsync());
        try
        {
            await new KeptRun(generations, start, (choice, chunk) => Append(answer, choice, chunk), (call, usage) => Bill(answer, call, again ? usage with { CompletionTokens = Math.Max(0, usage.CompletionTokens - call.ResumedTokens) } : usage), time).Run(stop.Token);
        }
        catch (Exception e)
        {
            failure = KeptFailure.Of(e);
            KeptLog.Failed(logger, start.Head.Id, e.Message);
        }

        answer.OnCancel(null);
        answer.End(failure);
        lock (_lock)
        {
            Weigh(answer);
        }
    }

    // Where it goes on here, what there was of it was billed when it broke off.
    private void Bill(KeptAnswer answer, InferenceRequest call, ChatUsage usage)
    {
        if (!answer.TryBill(usage))
        {
            accounts.Charge(call.Tenant, call.Task, usage);
        }
    }

    private void Append(KeptAnswer answer, int choice, GenerationChunk chunk)
    {
        answer.Append(choice, chunk);
        if (answer.Length > options.Value.AnswerMib * (1 << 20))
        {
            throw new RequestRefusedException(
                RefusalReason.Invalid,
                $"The answer is longer than the {options.Value.AnswerMib} MiB that are kept of one with an Idempotency-Key ({KeptOptions.Section}:AnswerMib). Ask for less, or without the key.");
        }

        lock (_lock)
        {
            Weigh(answer);
            if (!MakeRoom(0))
            {
                throw Full();
            }
        }
    }

    private RequestRefusedException Full() => new(
        RefusalReason.Overloaded,
        $"All {options.Value.Mib} MiB for answers with an Idempotency-Key are taken by those under way ({KeptOptions.Section}:Mib).",
        TimeSpan.FromSeconds(5));

    private KeptAnswer Add(KeptAnswer answer)
    {
        _answers.Add(answer.Ask.Key, answer);
        Weigh(answer);
        return answer;
    }

    private void Weigh(KeptAnswer answer)
    {
        if (_answers.GetValueOrDefault(answer.Ask.Key) == answer)
        {
            var bytes = answer.Bytes;
            _bytes += bytes - answer.Counted;
            answer.Counted = bytes;
        }
    }

    /// <summary>Makes room for so many bytes more, by letting go what has ended.</summary>
    private bool MakeRoom(long bytes)
    {
        while (_bytes + bytes > Limit)
        {
            var oldest = _answers.Values.Where(static answer => answer.HasEnded).MaxBy(static answer => answer.Age);
            if (oldest is null)
            {
                return false;
            }

            Remove(oldest.Ask.Key);
        }

        return true;
    }

    private void Remove(string key)
    {
        if (_answers.Remove(key, out var answer))
        {
            _bytes -= answer.Counted;
            foreach (var usage in answer.LetGo())
            {
                accounts.Charge(answer.Tenant, answer.Task, usage);
            }
        }
    }
}
