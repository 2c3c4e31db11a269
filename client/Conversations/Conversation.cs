using Microsoft.Extensions.AI;

namespace Crescent.Client.Conversations;

/// <summary>The messages so far.</summary>
internal sealed class Conversation
{
    private readonly List<ChatMessage> _messages = [];

    /// <param name="system">The system message, or null for none.</param>
    public Conversation(string? system) => System = system;

    /// <summary>The system message that stands before all others; null for none.</summary>
    public string? System { get; set; }

    /// <summary>Names the conversation to the factory, whose caches may still hold it; another one once it is forgotten.</summary>
    public string Session { get; private set; } = NewSession();

    /// <summary>Messages after the system message.</summary>
    public int Count => _messages.Count;

    /// <summary>The messages, with <paramref name="question"/> as the last.</summary>
    public IReadOnlyList<ChatMessage> Ask(string question) =>
        [.. string.IsNullOrEmpty(System) ? [] : new[] { new ChatMessage(ChatRole.System, System) }, .. _messages, new ChatMessage(ChatRole.User, question)];

    /// <summary>Remembers a turn. A turn without an answer is left out, so that roles keep taking turns.</summary>
    public void Remember(string question, string answer)
    {
        if (answer.Length > 0)
        {
            _messages.Add(new ChatMessage(ChatRole.User, question));
            _messages.Add(new ChatMessage(ChatRole.Assistant, answer));
        }
    }

    /// <summary>Forgets all turns; the system message stays.</summary>
    public void Reset()
    {
        _messages.Clear();
        Session = NewSession();
    }

    private static string NewSession() => $"chat-{Guid.NewGuid():n}";
}
