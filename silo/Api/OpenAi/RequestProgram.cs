using System.Text.Json;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>
/// The program that a request is a call of. Its name is that of the field <c>program</c>, else <c>session_id</c>, else Crescent's own headers, else those by
/// which agents and other servers name theirs; such a parent is taken from the same place only. Last of all counts OpenAI's <c>prompt_cache_key</c>.
/// </summary>
/// <param name="Id">The user's name for it; null for none.</param>
/// <param name="Parent">The program for which it works; null for none.</param>
/// <param name="IsFinal">Whether this is its last call.</param>
/// <param name="IsCritical">Whether it goes on no sooner than with the answer.</param>
internal readonly record struct RequestProgram(string? Id, string? Parent, bool IsFinal, bool IsCritical)
{
    public const string Header = "X-Crescent-Program";
    public const string ParentHeader = "X-Crescent-Parent-Program";
    public const string SessionHeader = "X-Crescent-Session";

    /// <summary>
    /// Headers of others, the first that is there counts: Dynamo's, Claude Code's (whose agents are sub-agents of their session), OpenCode's, Codex's, llm-d's.
    /// </summary>
    private static readonly (string Id, string? Parent, string? Final)[] Others =
    [
        ("x-dynamo-session-id", "x-dynamo-parent-session-id", "x-dynamo-session-final"),
        ("x-claude-code-agent-id", "x-claude-code-session-id", null),
        ("x-claude-code-session-id", null, null),
        ("x-session-id", "x-parent-session-id", null),
        ("session-id", null, null),
        ("x-llm-d-inference-fairness-id", null, null),
    ];

    /// <summary>Reads it; nothing where none is named.</summary>
    /// <exception cref="ApiException">A field or a header of Crescent's is empty or too long, or has another type.</exception>
    public static RequestProgram Read(IHeaderDictionary headers, RequestFields body)
    {
        var field = ReadField(body);
        var session = Checked(body.Text("session_id"), "session_id");
        var id = field.Id ?? session ?? Own(headers, Header) ?? Own(headers, SessionHeader);
        var parent = field.Parent ?? Own(headers, ParentHeader);
        var other = id is null ? ReadOther(headers) : default;
        var key = Checked(body.Text("prompt_cache_key"), "prompt_cache_key");
        return field with { Id = id ?? other.Id ?? key, Parent = parent ?? other.Parent, IsFinal = field.IsFinal || other.IsFinal };
    }

    /// <summary>Its name, or an object with more about it.</summary>
    private static RequestProgram ReadField(RequestFields body)
    {
        if (body.Any("program") is not { ValueKind: JsonValueKind.Object })
        {
            return new RequestProgram(Checked(body.Text("program"), "program"), null, false, false);
        }

        var fields = body.Object("program")!;
        var program = new RequestProgram(
            Checked(fields.Text("id"), fields.Path("id")),
            Checked(fields.Text("parent"), fields.Path("parent")),
            fields.Flag("final") ?? false,
            fields.Flag("critical") ?? false);
        fields.RefuseUnread("id, parent, final, critical");
        return program;
    }

    private static string? Own(IHeaderDictionary headers, string name) => headers.TryGetValue(name, out var value) ? Checked(value.ToString(), name) : null;

    /// <summary>What others' headers say is no promise of theirs to us: what is no name is passed over.</summary>
    private static RequestProgram ReadOther(IHeaderDictionary headers)
    {
        foreach (var (id, parent, final) in Others)
        {
            if (Other(headers, id) is { } name)
            {
                return new RequestProgram(name, Other(headers, parent), string.Equals(Other(headers, final), "true", StringComparison.OrdinalIgnoreCase), false);
            }
        }

        return default;
    }

    private static string? Other(IHeaderDictionary headers, string? name) =>
        name is not null && headers.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 and <= RequestOwner.MaxLength } text ? text : null;

    private static string? Checked(string? value, string name) => value is null or { Length: > 0 and <= RequestOwner.MaxLength }
        ? value
        : throw ApiException.InvalidValue(name, value.Length == 0
            ? $"'{name}' is empty; it takes 1 to {RequestOwner.MaxLength} characters, or is left out."
            : $"'{name}' has {value.Length} characters; it takes up to {RequestOwner.MaxLength}.");
}
