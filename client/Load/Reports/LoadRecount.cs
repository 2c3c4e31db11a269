using Crescent.Client.Load.Prompts;

namespace Crescent.Client.Load.Reports;

/// <summary>Counts the tokens of the first answers once more, by the server's tokenizer, to hold its usage against.</summary>
internal static class LoadRecount
{
    /// <summary>Answers that are counted.</summary>
    public const int Answers = 32;

    /// <summary>Counts; null where nothing can be.</summary>
    public static async Task<(long Counted, long Told, int Answers)?> Of(IReadOnlyList<(string Text, int Tokens)> texts, PromptCalibration calibration, CancellationToken cancellationToken)
    {
        var (counted, told, answers) = (0L, 0L, 0);
        foreach (var (text, tokens) in texts)
        {
            try
            {
                if (await calibration.Tokens(text, isChat: false, cancellationToken) is { } count)
                {
                    (counted, told, answers) = (counted + count, told + tokens, answers + 1);
                }
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                // A server that has gone after the run takes nothing from it.
                break;
            }
        }

        return answers > 0 ? (counted, told, answers) : null;
    }
}
