using System.Globalization;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>The <c>attribute</c> of a filter: names and indices with points between them; an empty path is the value itself.</summary>
internal readonly struct AttributePath(object?[] steps)
{
    /// <summary>A path from an argument: None, an index or a text.</summary>
    public static AttributePath Of(RenderContext context, object? attribute) => new(attribute switch
    {
        null => [],
        long => [attribute],
        TemplateText text => [.. text.ToString().Split('.').Select(Step)],
        _ => throw context.Fail("attribute", $"must be text or an index, not {Members.TypeName(attribute)}"),
    });

    /// <summary>Several paths with commas between them, for sorting.</summary>
    public static AttributePath[] Several(RenderContext context, object? attribute) => attribute is TemplateText text
        ? [.. text.ToString().Split(',').Select(part => Of(context, TemplateText.Of(part)))]
        : [Of(context, attribute)];

    /// <summary>What the path leads to from <paramref name="value"/>; undefined where it ends.</summary>
    public object? Get(RenderContext context, object? value)
    {
        foreach (var step in steps)
        {
            value = MemberAccess.Item(context, value, step);
        }

        return value;
    }

    private static object? Step(string part) =>
        long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : TemplateText.Of(part);
}
