using Crescent.Client.Connections;
using Crescent.Client.Load.Wire;
using Microsoft.Extensions.AI;

namespace Crescent.Client.Load.Prompts;

/// <summary>Finds out how many tokens a factory over Orleans makes of our words, by the usage of chats of one token.</summary>
internal static class ChatCalibration
{
    /// <summary>Measures.</summary>
    /// <exception cref="FactoryException">The factory refuses, or tells no usage.</exception>
    public static async Task<PromptScale> Measure(ClusterTarget target, long seed, CancellationToken cancellationToken)
    {
        var few = PromptScale.Sample(seed, few: true);
        var scale = PromptScale.Measured(await Tokens(("user", few)), await Tokens(("user", PromptScale.Sample(seed, few: false))), "usage")
            ?? throw new FactoryException("The cluster does not tell how many tokens a prompt has", "Say it with --tokens-per-word.");
        return scale.WithMessages(await Tokens([.. PromptScale.Roles.Select(role => (role, few))]));

        async Task<double?> Tokens(params (string Role, string Text)[] messages)
        {
            double? tokens = null;
            await foreach (var update in target.Chat(messages, 1, session: null, cancellationToken))
            {
                tokens = update.Contents.OfType<UsageContent>().FirstOrDefault()?.Details.InputTokenCount ?? tokens;
            }

            return tokens;
        }
    }
}
