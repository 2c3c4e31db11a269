using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Wire;

namespace Crescent.Client.Load.Runs;

/// <summary>Calls over HTTP.</summary>
internal sealed class Caller : ICaller
{
    private readonly LoadRunOptions _options;
    private readonly ConnectionPool _pool;
    private readonly Watchdog _watchdog;
    private readonly byte[] _head;
    private readonly List<(string Text, int Tokens)> _kept = [];
    private readonly Target _target;
    private int _texts;
    private long _chunks;

    public Caller(LoadRunOptions options, Target target)
    {
        _options = options;
        _target = target;
        _pool = new ConnectionPool(target);
        _watchdog = new Watchdog(options.TimeoutSeconds);
        _head = target.Head(options.Form.Path);
    }

    public int Connections => _pool.Opened;

    public long Chunks => Volatile.Read(ref _chunks);

    public IReadOnlyList<(string Text, int Tokens)> Texts => _kept;

    public void CutAll() => _watchdog.CutAll();

    public void Dispose()
    {
        _watchdog.Dispose();
        _pool.Dispose();
    }

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
            RetryAfterSeconds = parser.RetryAfterSeconds,
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
        var head = program is null ? _head : _target.Head(_options.Form.Path, $"X-Crescent-Program: {program}\r\n");
        request.Begin(head.Length);
        _options.Form.Write(call.Prompt, call.Messages, call.OutputTokens, _options.Writer, request);
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
            lock (_kept)
            {
                _kept.Add((text.ToString(), reader.Usage.CompletionTokens));
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
