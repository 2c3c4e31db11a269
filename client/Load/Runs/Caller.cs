using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Wire;

namespace Crescent.Client.Load.Runs;

/// <summary>Makes calls, and measures what comes of them.</summary>
internal sealed class Caller : IDisposable
{
    private readonly LoadRunOptions _options;
    private readonly ConnectionPool _pool;
    private readonly Watchdog _watchdog;
    private readonly byte[] _head;
    private int _texts;

    public Caller(LoadRunOptions options)
    {
        _options = options;
        _pool = new ConnectionPool(options.Target);
        _watchdog = new Watchdog(options.TimeoutSeconds);
        _head = options.Target.Head(options.Form.Path);
    }

    /// <summary>Connections opened so far.</summary>
    public int Connections => _pool.Opened;

    /// <summary>Chunks that have come so far.</summary>
    public long Chunks => Volatile.Read(ref _chunks);

    /// <summary>Texts of the first answers, with the tokens that the server says they have.</summary>
    public List<(string Text, int Tokens)> Texts { get; } = [];

    private long _chunks;

    /// <summary>Cuts all that is under way.</summary>
    public void CutAll() => _watchdog.CutAll();

    public void Dispose()
    {
        _watchdog.Dispose();
        _pool.Dispose();
    }

    /// <summary>Makes a call.</summary>
    /// <param name="call">What is asked.</param>
    /// <param name="record">What is known of it before it starts.</param>
    /// <param name="gaps">Where gaps between chunks are counted; null while nothing is measured.</param>
    /// <param name="slowSeconds">Pause between two reads of one that reads slowly; 0 for others.</param>
    /// <param name="cancellationToken">Ends the opening of a connection; what is under way is ended by <see cref="CutAll"/>.</param>
    public async Task<CallRecord> Make(PlannedCall call, CallRecord record, Histogram? gaps, double slowSeconds, CancellationToken cancellationToken)
    {
        record = record with { Started = Stopwatch.GetTimestamp(), PlannedPromptTokens = call.PromptTokens, PlannedOutputTokens = call.OutputTokens };
        while (true)
        {
            Connection? connection = null;
            try
            {
                connection = slowSeconds > 0 ? await Open(cancellationToken, SlowReaders.ReceiveBytes) : _pool.Take() ?? await Open(cancellationToken);
            }
            catch (Exception e) when (e is SocketException or IOException or AuthenticationException)
            {
                return record with { Ended = Stopwatch.GetTimestamp(), End = CallEnd.Unreachable, Fault = e.Message };
            }
            catch (OperationCanceledException)
            {
                var end = cancellationToken.IsCancellationRequested ? CallEnd.Unfinished : CallEnd.Unreachable;
                return record with { Ended = Stopwatch.GetTimestamp(), End = end, Fault = "no connection in time" };
            }

            var used = connection.Used;
            var made = await Make(connection, call, record, gaps, slowSeconds);

            // A connection that the server has closed since its last call says nothing about this one.
            if (made.End != CallEnd.Cut || !used || connection.Parser.Began)
            {
                return made;
            }
        }
    }

    private async Task<Connection> Open(CancellationToken cancellationToken, int receiveBytes = 0)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(_options.TimeoutSeconds));
        return await _pool.Open(limit.Token, receiveBytes);
    }

    private async Task<CallRecord> Make(Connection connection, PlannedCall call, CallRecord record, Histogram? gaps, double slowSeconds)
    {
        var reader = connection.Reader;
        var parser = connection.Parser;
        reader.Reset();
        parser.Reset();
        reader.Gaps = gaps;
        reader.Text = Volatile.Read(ref _texts) < _options.KeptTexts && Interlocked.Increment(ref _texts) <= _options.KeptTexts ? new StringBuilder() : null;
        Write(connection.Request, call, record.Program);
        var watch = _watchdog.Begin(connection, call.CancelSeconds is { } seconds ? record.Started + (long)(seconds * Stopwatch.Frequency) : long.MaxValue);
        var now = 0L;
        string? fault = null;
        var malformed = false;
        try
        {
            await connection.Send();
            while (!parser.Done)
            {
                var count = await connection.Receive();
                now = Stopwatch.GetTimestamp();
                watch.Sign(now);
                if (count == 0)
                {
                    parser.Close();
                    break;
                }

                var before = reader.Chunks;
                reader.Now = now;
                parser.Feed(connection.Received.AsSpan(0, count));
                if (slowSeconds == 0)
                {
                    // Those of slow readers are in no figure.
                    Interlocked.Add(ref _chunks, reader.Chunks - before);
                }

                if (slowSeconds > 0 && !parser.Done)
                {
                    await Task.Delay(TimeSpan.FromSeconds(slowSeconds));
                    watch.Sign(Stopwatch.GetTimestamp());
                }
            }

            if (parser.Done)
            {
                reader.End();
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            fault = e.Message;
        }
        catch (FormatException e)
        {
            (fault, malformed) = (e.Message, true);
        }
        finally
        {
            _watchdog.End(watch);
        }

        now = now == 0 || fault is not null ? Stopwatch.GetTimestamp() : now;
        var end = malformed ? CallEnd.Malformed : watch.Reason ?? End(reader, parser);
        record = record with
        {
            First = reader.First,
            Second = reader.Second,
            FirstOutput = reader.FirstOutput,
            Last = reader.Last,
            Ended = now,
            End = end,
            Status = reader.Status,
            Fault = reader.Error ?? fault ?? Words(end),
            Chunks = reader.Chunks,
            ReasoningChunks = reader.ReasoningChunks,
            ToldTokens = reader.ToldTokens,
            Usage = reader.Usage,
            HasUsage = reader.HasUsage,
        };
        Keep(reader, end);
        if (parser.KeepAlive && watch.Reason is null && slowSeconds == 0)
        {
            _pool.Return(connection);
        }
        else
        {
            connection.Dispose();
        }

        return record;
    }

    private void Write(RequestBuffer request, PlannedCall call, string? program)
    {
        var head = program is null ? _head : _options.Target.Head(_options.Form.Path, $"X-Crescent-Program: {program}\r\n");
        request.Begin(head.Length);
        _options.Form.Write(call.Prompt, call.OutputTokens, _options.Writer, request);
        request.End(head);
    }

    private CallEnd End(AnswerReader reader, AnswerParser parser)
    {
        if (reader.Status == 0 || (!parser.Done && reader.Error is null && !reader.Whole))
        {
            return CallEnd.Cut;
        }

        if (reader.Status != 200)
        {
            return CallEnd.Refused;
        }

        if (reader.Error is { } error)
        {
            return error.StartsWith("malformed", StringComparison.Ordinal) ? CallEnd.Malformed : CallEnd.Failed;
        }

        if (!reader.Whole)
        {
            return CallEnd.Cut;
        }

        return reader.Chunks == 0 && _options.Form.Endpoint != Prompts.LoadEndpoint.Embeddings ? CallEnd.Empty : CallEnd.Whole;
    }

    private void Keep(AnswerReader reader, CallEnd end)
    {
        if (reader.Text is { } text && end == CallEnd.Whole && reader.HasUsage)
        {
            lock (Texts)
            {
                Texts.Add((text.ToString(), reader.Usage.CompletionTokens));
            }
        }
    }

    private static string? Words(CallEnd end) => end switch
    {
        CallEnd.Whole or CallEnd.Cancelled or CallEnd.Unfinished => null,
        CallEnd.Cut => "the stream ended before [DONE]",
        CallEnd.TimedOut => "nothing came in time",
        CallEnd.Empty => "an answer without a token",
        _ => "",
    };
}
