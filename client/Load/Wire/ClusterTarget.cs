using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Microsoft.Extensions.AI;

namespace Crescent.Client.Load.Wire;

/// <summary>A factory over Orleans, and what is asked of it with each chat.</summary>
/// <param name="Connection">Leads to it.</param>
/// <param name="Model">Its name; null for the factory's first.</param>
/// <param name="Extra">More fields of each call, by their names over HTTP; null for none.</param>
internal sealed record ClusterTarget(IFactoryConnection Connection, string? Model, JsonObject? Extra)
{
    /// <summary>Asks.</summary>
    /// <param name="messages">The chat so far.</param>
    /// <param name="outputTokens">The answer may have this many.</param>
    /// <param name="session">By whose name calls are placed together; null for none.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public IAsyncEnumerable<ChatResponseUpdate> Chat(IReadOnlyList<(string Role, string Text)> messages, int outputTokens, string? session, CancellationToken cancellationToken) => Connection.Chat(
        messages.Select(static message => new ChatMessage(new ChatRole(message.Role), message.Text)),
        new ChatOptions { ModelId = Model, MaxOutputTokens = outputTokens, ConversationId = session, RawRepresentationFactory = Extra is { } extra ? _ => extra : null },
        cancellationToken);
}
