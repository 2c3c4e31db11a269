using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>Turns what a request brings into values; every text of it, names included, is marked as the sender's.</summary>
internal static class JsonValues
{
    // Templates build their markers from the role ('<|' + message['role'] + '|>'), so the well-known names count as the template's own.
    private static readonly HashSet<string> Roles =
        ["system", "user", "assistant", "tool", "developer", "function", "ipython", "model", "observation", "environment"];

    // Reading and printing an integer takes quadratic time in its digits.
    private const int LongestInteger = 400;

    /// <summary>The value of a node.</summary>
    /// <exception cref="TemplateException">It nests too deeply, names a property twice or holds text that is no Unicode.</exception>
    public static object? Read(RenderContext context, JsonNode? node, int origin)
    {
        context.Enter(0);
        try
        {
            return node switch
            {
                null => null,
                JsonObject entries => Object(context, entries, origin),
                JsonArray items => new Sequence([.. items.Select(item => Read(context, item, origin))]),
                _ => Scalar(node, origin),
            };
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException or FormatException)
        {
            // A property named twice and half a surrogate pair show only when the node is read.
            throw new TemplateException("messages", 0, $"not usable as JSON: {fault.Message}");
        }
        finally
        {
            context.Leave();
        }
    }

    /// <summary>The messages; a well-known role is the template's own word.</summary>
    public static Sequence Messages(RenderContext context, JsonArray messages)
    {
        var values = (Sequence)Read(context, messages, TextOrigin.Message)!;
        var role = TemplateText.Of("role");
        foreach (var value in values.Items)
        {
            if (value is Mapping message && message.TryGet(role, out var name) && name is TemplateText text && Roles.Contains(text.ToString()))
            {
                message.Set(role, TemplateText.Of(text.ToString()));
            }
        }

        return values;
    }

    private static Mapping Object(RenderContext context, JsonObject entries, int origin)
    {
        var mapping = new Mapping();
        foreach (var (name, value) in entries)
        {
            mapping.Set(TemplateText.Of(name, origin), Read(context, value, origin));
        }

        return mapping;
    }

    private static object? Scalar(JsonNode node, int origin) => node.GetValueKind() switch
    {
        JsonValueKind.String => TemplateText.Of(node.GetValue<string>(), origin),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => Number(node.ToJsonString()),
        _ => null,
    };

    private static object Number(string text)
    {
        if (text.AsSpan().ContainsAny('.', 'e', 'E') || text.Length > LongestInteger)
        {
            return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)
            ? integer
            : BigInteger.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }
}
