using Crescent.Engine.Model.Text;
using Crescent.Engine.Model.Thoughts;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Requests;

/// <summary>Parts the chunks of one choice into what the model thinks, content and tool calls.</summary>
/// <param name="style">How the model writes calls; None where the request has no tools.</param>
/// <param name="tokenizer">Names the control tokens by which some models open a call.</param>
/// <param name="structure">The grammar that calls follow, so that their arguments can leave before they are whole; null for none.</param>
/// <param name="newId">The id of a call from its index; null for one that is new each time.</param>
/// <param name="thoughts">Finds what the model thinks; null where that is content.</param>
/// <param name="isText">Whether a parameter (function, name) is text, for models that do not write so; null where nothing is known of them.</param>
public sealed class AnswerReader(
    ToolCallStyle style, Tokenizer tokenizer, OutputStructure? structure, Func<int, string>? newId = null, ThoughtParser? thoughts = null,
    Func<string, string, bool>? isText = null)
{
    private readonly IAnswerParser? _parser = Parser(style, structure, newId ?? (static _ => $"call_{Guid.NewGuid():N}"), isText ?? (static (_, _) => false));
    private readonly ThoughtReader? _thoughts = thoughts is null ? null : new ThoughtReader(thoughts, tokenizer);
    private Func<string, bool>? _reads;
    private int _thoughtTokens;

    /// <summary>That of a choice of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="newId">The id of a call from its index; null for one that is new each time.</param>
    /// <param name="partsThoughts">Whether what the model thinks is parted from what it says.</param>
    public static AnswerReader Of(PreparedRequest request, Func<int, string>? newId = null, bool partsThoughts = true) => new(
        request.HasMessages ? ToolCallStyle.Harmony : request.ToolStyle,
        request.Model.Model.Tokenizer,
        request.Calls[0].Sampling.Structure,
        newId,
        request.Thoughts is { } marks && partsThoughts ? new ThoughtParser(marks, request.BeginsInThought) : null,
        request.IsText);

    /// <summary>Whether all text is content: there are no calls and no thoughts to look for.</summary>
    public bool IsPlain => _parser is null && _thoughts is null;

    /// <summary>Tokens of what the model has thought, with what stands around it.</summary>
    public int ThoughtTokens => _thoughts?.Tokens ?? _thoughtTokens;

    /// <summary>What <paramref name="chunk"/> adds; the list is the caller's to empty.</summary>
    public void Read(in GenerationChunk chunk, List<AnswerDelta> deltas)
    {
        if (_thoughts is { IsOver: false })
        {
            var said = _thoughts.Read(chunk, deltas);
            if (said.Length > 0 || chunk.FinishReason is not null)
            {
                Say(chunk, said, deltas);
            }
        }
        else if (_parser is not null || chunk.Utf8.Length > 0)
        {
            Say(chunk, chunk.Text, deltas);
        }
    }

    private void Say(in GenerationChunk chunk, string text, List<AnswerDelta> deltas)
    {
        if (_parser is null)
        {
            if (text.Length > 0)
            {
                deltas.Add(new AnswerDelta(text, null));
            }

            return;
        }

        var wasThinking = _parser.IsThinking;
        _parser.Append(MarkedText.Of(chunk, text, tokenizer, _reads ??= _parser.Reads), deltas);
        _thoughtTokens += wasThinking || _parser.IsThinking ? chunk.Tokens.Count : 0;
        if (chunk.FinishReason is not null)
        {
            _parser.Complete(deltas);
        }
    }

    private static IAnswerParser? Parser(ToolCallStyle style, OutputStructure? structure, Func<int, string> newId, Func<string, string, bool> isText)
    {
        var isHeld = structure is not null;
        return style switch
        {
            ToolCallStyle.None => null,
            ToolCallStyle.Xml => new XmlCallParser(newId, isText),
            ToolCallStyle.Glm => new GlmCallParser(newId, isText),
            ToolCallStyle.MistralNamed => new NamedCallParser(newId),
            ToolCallStyle.DeepSeek or ToolCallStyle.DeepSeekNamed or ToolCallStyle.Kimi => new MarkedCallParser(style, newId),
            ToolCallStyle.Lfm or ToolCallStyle.Python => new PythonCallParser(style, newId),
            ToolCallStyle.Gemma or ToolCallStyle.FunctionGemma => new GemmaCallParser(style, newId),
            ToolCallStyle.Harmony when !isHeld => new HarmonyParser(newId),

            // A grammar that holds such a model's answer writes calls as JSON alone.
            ToolCallStyle.Harmony => new ToolCallParser(ToolCallStyle.Llama, newId, ToolCallDelivery.Incremental),
            _ => new ToolCallParser(style, newId, isHeld ? ToolCallDelivery.Incremental : ToolCallDelivery.Whole),
        };
    }

    /// <summary>An answer that calls tools has ended for that reason; one that a stop string has cut within a call has not: nobody can make that call.</summary>
    public string? Reason(string? reason) => reason == "stop" && _parser is { Calls: > 0, IsCut: false } ? "tool_calls" : reason;
}
