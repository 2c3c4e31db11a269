using System.Buffers;
using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;
using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Model.Templates;

/// <summary>
/// The tokens of a conversation: renders the model's chat template and encodes the result so that <b>only what the template itself
/// writes becomes a control token</b>. Immutable; many threads may encode at once.
/// </summary>
/// <remarks>
/// <para>
/// Every character of the messages, the tools and the request's variables (names and keys included) is carried through the rendering
/// as a code point marked with its origin, in bits beyond Unicode, so each of them is private to the sender; filters and methods keep
/// the marks, comparisons do not see them, so the template renders exactly as it would without them. Afterwards a control string
/// counts only where none of its characters is the sender's and at least one was written in the template. This holds whatever the
/// template does with the text: a control string cut in two and joined again, made by a filter, or completed by the literals around a
/// message is plain text like any other. (A marker that literals write around an <i>empty</i> message is the template's own.)
/// </para>
/// <para>
/// If no control string stands anywhere else in the prompt, the prompt is encoded as a whole, exactly as
/// <c>Encode(rendered, parseSpecial: true)</c>. If one does, each run between two of the template's own control strings is encoded as
/// plain text. Strings that a model defines as tokens without making them control tokens (user-defined, such as
/// <c>&lt;think&gt;</c> in some) are ordinary text of that model and are tokens wherever they stand.
/// </para>
/// </remarks>
public sealed class ChatPrompt
{
    /// <summary>Stands behind the words that are to be gone on with, to find their end again.</summary>
    private const string End = "\uE000\uE001end\uE001\uE000";

    private readonly Tokenizer _tokenizer;
    private readonly TimeProvider? _time;
    private readonly KeyValuePair<string, string>[] _own;
    private readonly Dictionary<char, KeyValuePair<string, int>[]> _controls;
    private readonly SearchValues<string> _anyControl;

    /// <param name="template">The model's template.</param>
    /// <param name="tokenizer">The model's tokenizer; its BOS and EOS strings are <c>bos_token</c> and <c>eos_token</c>.</param>
    /// <param name="time">What the template reads as today; the system's clock when null.</param>
    public ChatPrompt(ChatTemplate template, Tokenizer tokenizer, TimeProvider? time = null)
    {
        Template = template;
        Form = TemplateProbe.Probe(template);
        _tokenizer = tokenizer;
        _time = time;
        _own = [
            KeyValuePair.Create("bos_token", tokenizer.BeginOfSequence is { } begin ? tokenizer.TokenName(begin) : ""),
            KeyValuePair.Create("eos_token", tokenizer.EndOfSequence is { } end ? tokenizer.TokenName(end) : "")];
        _controls = tokenizer.SpecialStrings
            .Select(text => KeyValuePair.Create(text, tokenizer.Encode(text, parseSpecial: true)))
            .Where(entry => entry.Value is [var token] && tokenizer.IsSpecial(token))
            .Select(entry => KeyValuePair.Create(entry.Key, entry.Value[0]))
            .GroupBy(entry => entry.Key[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(entry => entry.Key.Length).ToArray());
        _anyControl = SearchValues.Create(
            [.. _controls.Values.SelectMany(group => group).Select(entry => entry.Key)], StringComparison.Ordinal);
    }

    /// <summary>The template it renders.</summary>
    public ChatTemplate Template { get; }

    /// <summary>In what form the template takes a conversation.</summary>
    public TemplateForm Form { get; }

    /// <summary>The tokens of a conversation, BOS included where the model wants one; it is never doubled.</summary>
    /// <param name="messages">The conversation in OpenAI's form; the template gets it in its own.</param>
    /// <param name="tools">The tools the model may call, in OpenAI's form.</param>
    /// <param name="addGenerationPrompt">Whether the prompt ends where the assistant's answer begins.</param>
    /// <param name="variables">Further variables for the template; they cannot replace those above nor the BOS and EOS strings.</param>
    /// <param name="most">Tokens that it may have.</param>
    /// <param name="continuesLast">
    /// Whether the prompt ends with the content of the last message, which the answer goes on with; <paramref name="addGenerationPrompt"/> counts for nothing then.
    /// </param>
    /// <exception cref="TemplateException">The template cannot be rendered, or refuses these messages.</exception>
    /// <exception cref="PromptTooLongException">It must have more than <paramref name="most"/> tokens; one of a few more is returned whole.</exception>
    public int[] Encode(
        JsonArray messages,
        JsonArray? tools = null,
        bool addGenerationPrompt = true,
        IReadOnlyDictionary<string, JsonNode?>? variables = null,
        int most = int.MaxValue,
        bool continuesLast = false)
    {
        var text = Render(continuesLast ? Marked(messages) : messages, tools, addGenerationPrompt && !continuesLast, variables, most).ToString(out var origins);
        if (continuesLast)
        {
            var end = text.LastIndexOf(End, StringComparison.Ordinal);
            (text, origins) = end >= 0 ? (text[..end], origins[..end]) : throw new TemplateException("the last message", 0, "it is not written as it was sent, so that the answer cannot go on with it.");
        }

        _tokenizer.CheckLength(text, most);
        var tokens = HasForeignControl(text, origins) ? EncodeRuns(text, origins) : _tokenizer.Encode(text, parseSpecial: true);
        return _tokenizer.AddsBeginOfSequence && _tokenizer.BeginOfSequence is { } begin && (tokens.Length == 0 || tokens[0] != begin)
            ? [begin, .. tokens]
            : tokens;
    }

    private static JsonArray Marked(JsonArray messages)
    {
        var marked = (JsonArray)messages.DeepClone();
        if (marked is [.., JsonObject last])
        {
            last["content"] = $"{last["content"]}{End}";
        }

        return marked;
    }

    private TemplateText Render(
        JsonArray messages, JsonArray? tools, bool addGenerationPrompt, IReadOnlyDictionary<string, JsonNode?>? variables, int most)
    {
        try
        {
            // A code point is one byte at least.
            return Template.Render(
                Form.Apply(messages, tools), tools, addGenerationPrompt, variables, _own, _time, ((long)most + 1) * _tokenizer.LongestToken);
        }
        catch (OutputTooLongException e)
        {
            throw new PromptTooLongException((int)(e.Length / _tokenizer.LongestToken));
        }
    }

    /// <summary>Encodes the template's own control strings as their tokens and each run between them as plain text.</summary>
    internal int[] EncodeRuns(string text, byte[] origins)
    {
        var tokens = new List<int>();
        var start = 0;
        foreach (var (at, control) in Controls(text))
        {
            // The first of a place is the longest; what overlaps an earlier one is no string of its own.
            if (at >= start && IsOwn(origins.AsSpan(at, control.Key.Length)))
            {
                AppendPlain(tokens, text[start..at]);
                tokens.Add(control.Value);
                start = at + control.Key.Length;
            }
        }

        AppendPlain(tokens, text[start..]);
        return [.. tokens];
    }

    private bool HasForeignControl(string text, byte[] origins)
    {
        foreach (var (at, control) in Controls(text))
        {
            if (!IsOwn(origins.AsSpan(at, control.Key.Length)))
            {
                return true;
            }
        }

        return false;
    }

    // Every place where a control string stands, those that overlap included; the longest first.
    private IEnumerable<(int At, KeyValuePair<string, int> Control)> Controls(string text)
    {
        for (var from = 0; from < text.Length; from++)
        {
            var found = _controls.Count == 0 ? -1 : text.AsSpan(from).IndexOfAny(_anyControl);
            if (found < 0)
            {
                yield break;
            }

            from += found;
            foreach (var control in _controls[text[from]])
            {
                if (string.CompareOrdinal(text, from, control.Key, 0, control.Key.Length) == 0)
                {
                    yield return (from, control);
                }
            }
        }
    }

    private void AppendPlain(List<int> tokens, string text)
    {
        if (text.Length > 0)
        {
            tokens.AddRange(_tokenizer.Encode(text, parseSpecial: false));
        }
    }

    // What is made while rendering may stand inside a control string but makes none by itself: a number in a message could be one.
    private static bool IsOwn(ReadOnlySpan<byte> origins)
    {
        var written = false;
        foreach (var origin in origins)
        {
            if (origin == TextOrigin.Message >> TextOrigin.Shift)
            {
                return false;
            }

            written |= origin == TextOrigin.Template;
        }

        return written;
    }
}
