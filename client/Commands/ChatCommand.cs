using System.CommandLine;
using Crescent.Client.Conversations;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>chat</c>: a conversation, line by line.</summary>
internal sealed class ChatCommand : Command
{
    public ChatCommand(Terminal terminal, Connector connect) : base(
        "chat", "Chat with the model; /help lists what can be typed. Ctrl+C cuts an answer short, and leaves at the prompt. From a pipe, each line is one turn.")
    {
        var generation = new TextOptions();
        var connection = new ConnectionOptions("one JSON line a turn, with turn, text, finish_reason and usage");
        generation.AddTo(this);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            var settings = connection.Settings(parsed);
            return CommandGuard.Run(
                terminal,
                json,
                async interrupted =>
                {
                    await using var session = new ChatSession(terminal, stop => connect(settings, stop), generation.Options(parsed), json)
                    {
                        Conversation = new Conversation(generation.System(parsed)),
                    };
                    return await session.Run(interrupted);
                });
        });
    }
}
