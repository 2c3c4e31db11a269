using Crescent.Client.Connections;
using Crescent.Client.Load.Wire;
using Microsoft.Extensions.AI;

namespace Crescent.Client.Load.Prompts;

/// <summary>Finds out how many tokens a factory over Orleans makes of our words, by the usage of two chats of one token.</summary>
internal static class ChatCalibration
{
    /// <summary>Measures.</summary>
    /// <exception cref="FactoryException">The factory refuses, or tells no usage.</exception>
    public static async Task<PromptScale> Measure(ClusterTarget target, long seed, CancellationToken cancellationToken)
    {
        var counts = new double?[2];
        for (var i = 0; i < counts.Length; i++)
        {
            await foreach (var update in target.Chat(PromptScale.Sample(seed, i == 0), 1, session: null, cancellationToken))
            {
                counts[i] = update.Contents.OfType<UsageContent>().FirstOrDefault()?.Details.InputTokenCount ?? counts[i];
            }
        }

        return PromptScale.Measured(counts[0], counts[1], "usage") ?? throw new FactoryException("The cluster does not tell how many tokens a prompt has", "Say it with --tokens-per-word.");
    }
}
