using System.Text;
using Crescent.Grains.Contracts.Chat;
using Crescent.Sdk;
using Microsoft.Extensions.AI;

namespace Crescent.Client.Conversations;

/// <summary>An answer as far as it came.</summary>
internal sealed record Answer
{
    /// <summary>The finish reason of an answer that the user cut short.</summary>
    public const string Cancelled = "cancelled";

    public required string Text { get; init; }

    /// <summary>OpenAI's word for its end (<c>stop</c>, <c>length</c>), or <see cref="Cancelled"/>.</summary>
    public string? FinishReason { get; init; }

    /// <summary>What it took; null when it was cut short.</summary>
    public ChatUsage? Usage { get; init; }

    /// <summary>Of the tokens those that the model has thought, which are not shown.</summary>
    public long ThoughtTokens { get; init; }

    /// <summary>Where the joules come from (<c>model</c>, <c>rapl</c>, <c>nvml</c>); null when unknown.</summary>
    public string? JoulesSource { get; init; }

    /// <summary>Output tokens after the first, over the time from the first to the last; null when there is no second.</summary>
    public double? TokensPerSecond =>
        Usage is { CompletionTokens: > 1, DecodeSeconds: > 0 } usage ? (usage.CompletionTokens - 1) / usage.DecodeSeconds : null;

    /// <summary>
    /// Follows a stream to its end, or to the user's cancellation, which ends the answer rather than fail it.
    /// </summary>
    /// <param name="stream">Its pieces.</param>
    /// <param name="show">Gets each piece of text as it comes.</param>
    /// <param name="cancelled">The user's wish to cut it short.</param>
    public static async Task<Answer> Follow(IAsyncEnumerable<ChatResponseUpdate> stream, Action<string> show, CancellationToken cancelled)
    {
        var text = new StringBuilder();
        string? finish = null;
        ChatUsage? usage = null;
        var thought = 0L;
        try
        {
            await foreach (var update in stream)
            {
                var piece = update.Text;
                if (piece.Length > 0)
                {
                    text.Append(piece);
                    show(piece);
                }

                finish = update.FinishReason?.Value ?? finish;
                usage = update.GetCrescentUsage() ?? usage;
                thought += update.Contents.OfType<UsageContent>().Sum(static content => content.Details.ReasoningTokenCount ?? 0);
            }
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            finish = Cancelled;
        }

        return new Answer { Text = text.ToString(), FinishReason = finish, Usage = usage, ThoughtTokens = thought };
    }
}
