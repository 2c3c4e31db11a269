namespace Crescent.Engine.Model.ToolCalls;

/// <summary>Parts an answer into content, tool calls and what the model thinks while it is being written. Not for use by several threads.</summary>
public interface IAnswerParser
{
    /// <summary>Calls that have begun to leave.</summary>
    int Calls { get; }

    /// <summary>Whether the newest of them has been cut within its arguments, which are no JSON then.</summary>
    bool IsCut { get; }

    /// <summary>Whether what comes now is thought.</summary>
    bool IsThinking { get; }

    /// <summary>Whether a control token of that name has to be given as text, where it stands.</summary>
    bool Reads(string controlToken);

    /// <summary>Takes the next characters of the answer; what is certain by now goes to <paramref name="deltas"/>.</summary>
    void Append(ReadOnlySpan<char> text, ICollection<AnswerDelta> deltas);

    /// <summary>Ends the answer; the rest goes to <paramref name="deltas"/>.</summary>
    void Complete(ICollection<AnswerDelta> deltas);
}
