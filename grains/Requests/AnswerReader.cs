using Crescent.Engine.Model.Text;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Requests;

/// <summary>Parts the chunks of one choice into content and tool calls.</summary>
/// <param name="style">How the model writes calls; None where the request has no tools.</param>
/// <param name="tokenizer">Names the control tokens by which some models open a call.</param>
/// <param name="structure">The grammar that calls follow, so that their arguments can leave before they are whole; null for none.</param>
/// <param name="newId">The id of a call from its index; null for one that is new each time.</param>
public sealed class AnswerReader(ToolCallStyle style, Tokenizer tokenizer, OutputStructure? structure, Func<int, string>? newId = null)
{
    private readonly ToolCallParser? _parser = style == ToolCallStyle.None
        ? null
        : new ToolCallParser(
            style, newId ?? (static _ => $"call_{Guid.NewGuid():N}"), structure is not null ? ToolCallDelivery.Incremental : ToolCallDelivery.Whole);

    private readonly string _opening = ToolCallStyles.Opening(style);

    // Mistral's opening is a control token, which no grammar can ask for: an answer that has to be calls begins behind it.
    private bool _isOpen = style != ToolCallStyle.Mistral || structure is not { Trigger: null };

    /// <summary>Whether all text is content: there are no calls to look for.</summary>
    public bool IsPlain => _parser is null;

    /// <summary>What <paramref name="chunk"/> adds; the list is the caller's to empty.</summary>
    public void Read(in GenerationChunk chunk, List<AnswerDelta> deltas)
    {
        if (_parser is null)
        {
            if (chunk.Utf8.Length > 0)
            {
                deltas.Add(new AnswerDelta(chunk.Text, null));
            }

            return;
        }

        if (!_isOpen)
        {
            _isOpen = true;
            _parser.Append(_opening, deltas);
        }

        foreach (var token in chunk.Tokens)
        {
            // A control token has no text of its own.
            if (tokenizer.IsSpecial(token) && tokenizer.TokenName(token) == _opening)
            {
                _parser.Append(_opening, deltas);
            }
        }

        _parser.Append(chunk.Text, deltas);
        if (chunk.FinishReason is not null)
        {
            _parser.Complete(deltas);
        }
    }

    /// <summary>An answer that calls tools has ended for that reason; one that a stop string has cut within a call has not: nobody can make that call.</summary>
    public string? Reason(string? reason) => reason == "stop" && _parser is { Calls: > 0, IsCut: false } ? "tool_calls" : reason;
}
