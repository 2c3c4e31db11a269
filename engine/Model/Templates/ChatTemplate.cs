using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Statements;
using Crescent.Engine.Model.Templates.Syntax;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates;

/// <summary>
/// A model's chat template: the subset of Jinja that published templates use, set up as model hubs do (<c>trim_blocks</c>,
/// <c>lstrip_blocks</c>, loop controls, <c>tojson</c> without HTML escapes, <c>raise_exception</c>, <c>strftime_now</c>), rendered by
/// an interpreter that reaches nothing outside its input and whose steps, output, memory and depth are bounded. Immutable; many
/// threads may render at once.
/// </summary>
/// <remarks>Syntax and semantics: the Jinja template designer documentation, https://jinja.palletsprojects.com/.</remarks>
public sealed class ChatTemplate
{
    private readonly Block _body;

    private ChatTemplate(string source, Block body)
    {
        Source = source;
        _body = body;
    }

    /// <summary>The template as it was given.</summary>
    public string Source { get; }

    /// <summary>Reads a template.</summary>
    /// <param name="source">Jinja source, as in <c>tokenizer.chat_template</c>.</param>
    /// <exception cref="TemplateException">It is no template, or uses what is not supported.</exception>
    public static ChatTemplate Parse(string source) => new(source, TemplateParser.Parse(source));

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The variable <c>messages</c>, in OpenAI's form.</param>
    /// <param name="tools">The variable <c>tools</c>; <c>none</c> when null.</param>
    /// <param name="addGenerationPrompt">The variable <c>add_generation_prompt</c>.</param>
    /// <param name="variables">Further variables, such as <c>bos_token</c> or what a request passes on to the template.</param>
    /// <param name="time">What <c>strftime_now</c> reads; the system's clock when null.</param>
    /// <exception cref="TemplateException">The template cannot be rendered, or refuses these messages.</exception>
    public string Render(
        JsonArray messages,
        JsonArray? tools,
        bool addGenerationPrompt,
        IReadOnlyDictionary<string, JsonNode?>? variables = null,
        TimeProvider? time = null) => Render(messages, tools, addGenerationPrompt, variables, [], time).ToString();

    /// <summary>Renders with the origin of every character; <paramref name="own"/> are texts of the model itself.</summary>
    /// <exception cref="OutputTooLongException">It is longer than <paramref name="most"/> code points.</exception>
    internal TemplateText Render(
        JsonArray messages,
        JsonArray? tools,
        bool addGenerationPrompt,
        IReadOnlyDictionary<string, JsonNode?>? variables,
        IReadOnlyList<KeyValuePair<string, string>> own,
        TimeProvider? time,
        long most = long.MaxValue)
    {
        var context = new RenderContext(time ?? TimeProvider.System, most);
        var scope = new Scope(null);
        foreach (var (name, value) in variables ?? new Dictionary<string, JsonNode?>())
        {
            scope.Set(name, JsonValues.Read(context, value, TextOrigin.Message));
        }

        foreach (var (name, value) in own)
        {
            scope.Set(name, TemplateText.Of(value));
        }

        scope.Set("messages", JsonValues.Messages(context, messages));
        scope.Set("tools", JsonValues.Read(context, tools, TextOrigin.Message));
        scope.Set("add_generation_prompt", addGenerationPrompt);
        _body.Execute(context, scope);
        return context.Output.ToText();
    }
}
