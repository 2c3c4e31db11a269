namespace Crescent.Client.Agents;

/// <summary>A step of a task that is watched.</summary>
internal sealed class AgentStep(string id)
{
    public const string Running = "running";
    public const string NeedsApproval = "needs approval";

    // Of a step under way only the end is shown.
    private const int MaxText = 4096;

    /// <summary>Names it within its task.</summary>
    public string Id { get; } = id;

    /// <summary>What it is, for people.</summary>
    public string Label { get; set; } = id;

    /// <summary>A word, or why it waits.</summary>
    public string State { get; set; } = Running;

    /// <summary>What it has said so far, its end where that is long; its arguments for a tool under way.</summary>
    public string Text { get; set; } = "";

    /// <summary>By which it is approved; null when it waits for nobody.</summary>
    public string? Hash { get; set; }

    /// <summary>Pieces of its text that were told; its tokens are known at its end.</summary>
    public int Pieces { get; set; }

    /// <summary>Tokens generated; 0 while it runs.</summary>
    public int OutputTokens { get; set; }

    /// <summary>From its start to its end; 0 while it runs.</summary>
    public double Seconds { get; set; }

    /// <summary>Energy attributed to it, in joules; 0 while it runs.</summary>
    public double Joules { get; set; }

    /// <summary>Adds a piece of text.</summary>
    public void Append(string piece)
    {
        var text = Text + piece;
        Text = text.Length > MaxText ? text[^(MaxText / 2)..] : text;
    }
}
