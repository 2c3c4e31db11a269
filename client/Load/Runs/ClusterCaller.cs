using System.Diagnostics;
using Crescent.Client.Connections;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Wire;
using Crescent.Grains.Contracts.Chat;
using Crescent.Sdk;
using Microsoft.Extensions.AI;

namespace Crescent.Client.Load.Runs;

/// <summary>Chats over Orleans. A chunk is a piece of the stream with text, a thought or a call, as over HTTP.</summary>
internal sealed class ClusterCaller(LoadRunOptions options, ClusterTarget target) : ICaller
{
    private readonly CancellationTokenSource _cut = new();
    private long _chunks;

    public int Connections => 0;

    public long Chunks => Volatile.Read(ref _chunks);

    public IReadOnlyList<(string Text, int Tokens)> Texts => [];

    public void CutAll() => _cut.Cancel();

    public void Dispose() => _cut.Dispose();

    public async Task<CallRecord> Make(PlannedCall call, CallRecord record, Histogram? gaps, double slowSeconds, CancellationToken cancellationToken)
    {
        record = record with { Started = Stopwatch.GetTimestamp(), PlannedPromptTokens = call.PromptTokens, PlannedOutputTokens = call.OutputTokens };
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_cut.Token, cancellationToken);
        if (call.CancelSeconds is { } seconds)
        {
            end.CancelAfter(TimeSpan.FromSeconds(seconds));
        }

        try
        {
            await foreach (var update in target.Chat(options.Writer.Texts(call.Prompt, call.Messages ?? [new PromptMessage("user", call.PromptTokens)]), call.OutputTokens, record.Program, end.Token))
            {
                record = Take(record, update, Stopwatch.GetTimestamp(), gaps, counts: slowSeconds == 0);
                if (slowSeconds > 0)
                {
                    await Task.Delay(TimeSpan.FromSeconds(slowSeconds), end.Token);
                }
            }

            var isEmpty = record.Chunks == 0;
            return record with { Ended = Stopwatch.GetTimestamp(), End = isEmpty ? CallEnd.Empty : CallEnd.Whole, Fault = isEmpty ? "an answer without a token" : null };
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            var stopped = _cut.IsCancellationRequested || cancellationToken.IsCancellationRequested;
            return record with { Ended = Stopwatch.GetTimestamp(), End = stopped ? CallEnd.Unfinished : CallEnd.Cancelled };
        }
        catch (Exception e) when (e is FactoryException or NotSupportedException or OperationCanceledException)
        {
            return record with { Ended = Stopwatch.GetTimestamp(), End = Kind(e), Fault = e.Message, RetryAfterSeconds = (e.InnerException as ChatRefusedException)?.RetryAfter?.TotalSeconds };
        }
    }

    private CallRecord Take(CallRecord record, ChatResponseUpdate update, long now, Histogram? gaps, bool counts)
    {
        var (said, thought) = (false, false);
        foreach (var content in update.Contents)
        {
            said |= content is TextContent { Text.Length: > 0 } or FunctionCallContent;
            thought |= content is TextReasoningContent { Text.Length: > 0 };
            record = content is UsageContent { Details: var usage } ? record with { HasUsage = true, Usage = Usage(usage, update.GetCrescentUsage()) } : record;
        }

        if (!said && !thought)
        {
            return record;
        }

        // Those of slow readers are in no figure.
        Interlocked.Add(ref _chunks, counts ? 1 : 0);
        if (record.Chunks > 0)
        {
            gaps?.Record(now - record.Last);
        }

        return record with
        {
            First = record.Chunks == 0 ? now : record.First,
            Second = record.Chunks == 1 ? now : record.Second,
            FirstOutput = said && record.FirstOutput == 0 ? now : record.FirstOutput,
            Last = now,
            Chunks = record.Chunks + 1,
            ReasoningChunks = record.ReasoningChunks + (said ? 0 : 1),
        };
    }

    private static ServerUsage Usage(UsageDetails usage, ChatUsage? cost) => new(
        (int)(usage.InputTokenCount ?? 0),
        (int)(usage.OutputTokenCount ?? 0),
        (int)(usage.ReasoningTokenCount ?? 0),
        (int)(usage.CachedInputTokenCount ?? 0),
        cost is { EnergySource.Length: > 0 } ? cost.Joules : null,
        cost?.Simulated == true,
        cost?.EnergySource.Contains("model", StringComparison.Ordinal) == true);

    private static CallEnd Kind(Exception failure) => failure switch
    {
        NotSupportedException or FactoryException { InnerException: ChatRefusedException or ArgumentException } => CallEnd.Refused,
        FactoryException { InnerException: TimeoutException } => CallEnd.TimedOut,
        FactoryException { ConnectionLost: true } => CallEnd.Cut,
        _ => CallEnd.Failed,
    };
}
