using System.Globalization;
using Crescent.Client.Conversations;
using Crescent.Grains.Contracts.Chat;

namespace Crescent.Client.Rendering;

/// <summary>The line under an answer: tokens, speed, energy, device, times.</summary>
internal static class AnswerSummary
{
    public static string Of(Answer answer)
    {
        if (answer.Usage is not { } usage)
        {
            return answer.FinishReason == Answer.Cancelled ? "cancelled" : "no usage reported";
        }

        var parts = new List<string> { $"{usage.PromptTokens} tokens in, {usage.CompletionTokens} out{(answer.ThoughtTokens > 0 ? $", {answer.ThoughtTokens} of them thoughts" : "")}" };
        if (answer.TokensPerSecond is { } speed)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{speed:0.0} tokens/s"));
        }

        parts.Add(Figures.Joules(usage.Joules) + Origin(usage, answer.JoulesSource));
        if (usage.Device.Length > 0)
        {
            parts.Add(usage.Device);
        }

        parts.Add(
            $"queue {Figures.Seconds(usage.QueueSeconds)}, prefill {Figures.Seconds(usage.PrefillSeconds)}, decode {Figures.Seconds(usage.DecodeSeconds)}");
        if (answer.FinishReason == "length")
        {
            parts.Add("cut at the token limit");
        }

        return string.Join(" · ", parts);
    }

    private static string Origin(ChatUsage usage, string? source)
    {
        var origin = usage.Simulated ? " simulated" : source == Figures.Modelled ? " modelled" : source is { Length: > 0 } ? $" ({source})" : "";
        return usage.EstimatedJoules > 0 ? $"{origin} ({Figures.Joules(usage.EstimatedJoules)} of it estimated)" : origin;
    }
}
