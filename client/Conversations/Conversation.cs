using System.Text.Json.Nodes;

namespace Crescent.Client.Conversations;

/// <summary>The messages so far, in OpenAI's shape.</summary>
internal sealed class Conversation
{
    private readonly List<(string Role, string Content)> _messages = [];

    /// <param name="system">The system message, or null for none.</param>
    public Conversation(string? system) => System = system;

    /// <summary>The system message that stands before all others; null for none.</summary>
    public string? System { get; set; }

    /// <summary>Names the conversation to the factory, whose caches may still hold it; another one once it is forgotten.</summary>
    public string Session { get; private set; } = NewSession();

    /// <summary>Messages after the system message.</summary>
    public int Count => _messages.Count;

    /// <summary>The messages as a JSON array, with <paramref name="question"/> as the last.</summary>
    public string Ask(string question)
    {
        var messages = new JsonArray();
        if (!string.IsNullOrEmpty(System))
        {
            messages.Add(Message("system", System));
        }

        foreach (var (role, content) in _messages)
        {
            messages.Add(Message(role, content));
        }

        messages.Add(Message("user", question));
        return messages.ToJsonString();
    }

    /// <summary>Remembers a turn. A turn without an answer is left out, so that roles keep taking turns.</summary>
    public void Remember(string question, string answer)
    {
        if (answer.Length > 0)
        {
            _messages.Add(("user", question));
            _messages.Add(("assistant", answer));
        }
    }

    /// <summary>Forgets all turns; the system message stays.</summary>
    public void Reset()
    {
        _messages.Clear();
        Session = NewSession();
    }

    private static string NewSession() => $"chat-{Guid.NewGuid():n}";

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
