using System.Collections.Frozen;
using System.Numerics;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Jinja's tests: what stands after <c>is</c>.</summary>
internal static class Tests
{
    private static readonly FrozenDictionary<string, Func<RenderContext, object?, bool>> Plain =
        new Dictionary<string, Func<RenderContext, object?, bool>>
        {
            ["defined"] = (_, value) => value is not Undefined,
            ["undefined"] = (_, value) => value is Undefined,
            ["none"] = (_, value) => value is null,
            ["boolean"] = (_, value) => value is bool,
            ["true"] = (_, value) => value is true,
            ["false"] = (_, value) => value is false,
            ["integer"] = (_, value) => value is long or BigInteger,
            ["float"] = (_, value) => value is double,
            ["number"] = (_, value) => Numbers.IsNumber(value),
            ["string"] = (_, value) => value is TemplateText,
            ["mapping"] = (_, value) => value is Mapping,
            ["iterable"] = (_, value) => value is TemplateText or Sequence or Mapping or Undefined,
            ["sequence"] = (_, value) => value is TemplateText or Mapping or Undefined or Sequence { IsIndexed: true },
            ["callable"] = (_, value) => value is Callable,
            ["lower"] = (context, value) => TextCase.IsAll(PythonText.Of(context, value), upper: false),
            ["upper"] = (context, value) => TextCase.IsAll(PythonText.Of(context, value), upper: true),
            ["odd"] = (context, value) => Leaves(context, value, 2L, 1L),
            ["even"] = (context, value) => Leaves(context, value, 2L, 0L),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Func<RenderContext, object?, object?, bool>> WithArgument =
        new Dictionary<string, Func<RenderContext, object?, object?, bool>>
        {
            ["divisibleby"] = Divides,
            ["sameas"] = (context, value, other) => ReferenceEquals(value, other) || IsSameScalar(context, value, other),
            ["in"] = (context, value, other) => Comparison.Contains(context, other, value),
            ["eq"] = Comparison.AreEqual,
            ["equalto"] = Comparison.AreEqual,
            ["=="] = Comparison.AreEqual,
            ["ne"] = (context, value, other) => !Comparison.AreEqual(context, value, other),
            ["!="] = (context, value, other) => !Comparison.AreEqual(context, value, other),
            ["lt"] = (context, value, other) => Comparison.Order(context, value, other) < 0,
            ["lessthan"] = (context, value, other) => Comparison.Order(context, value, other) < 0,
            ["<"] = (context, value, other) => Comparison.Order(context, value, other) < 0,
            ["le"] = (context, value, other) => Comparison.Order(context, value, other) <= 0,
            ["<="] = (context, value, other) => Comparison.Order(context, value, other) <= 0,
            ["gt"] = (context, value, other) => Comparison.Order(context, value, other) > 0,
            ["greaterthan"] = (context, value, other) => Comparison.Order(context, value, other) > 0,
            [">"] = (context, value, other) => Comparison.Order(context, value, other) > 0,
            ["ge"] = (context, value, other) => Comparison.Order(context, value, other) >= 0,
            [">="] = (context, value, other) => Comparison.Order(context, value, other) >= 0,
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether <paramref name="value"/> passes the test.</summary>
    /// <exception cref="TemplateException">There is no test of that name, or it cannot be applied.</exception>
    public static bool Apply(RenderContext context, string name, object? value, Arguments arguments)
    {
        var construct = $"test '{name}'";
        if (Plain.TryGetValue(name, out var plain))
        {
            arguments.Bind(context, construct, 0);
            return plain(context, value);
        }

        return WithArgument.TryGetValue(name, out var test)
            ? test(context, value, arguments.Bind(context, construct, 1, "other").Value(0))
            : throw context.Fail(construct, "not known");
    }

    private static bool Divides(RenderContext context, object? value, object? divisor) => Leaves(context, value, divisor, 0L);

    // A text would be taken as a format.
    private static bool Leaves(RenderContext context, object? value, object? divisor, long remainder) => Numbers.IsNumber(value)
        ? Comparison.AreEqual(context, Operators.Apply(context, "%", value, divisor), remainder)
        : throw context.Fail("test", $"needs a number, not {Members.TypeName(value)}");

    // Python's small values are one object each.
    private static bool IsSameScalar(RenderContext context, object? value, object? other) =>
        value?.GetType() == other?.GetType() && value is bool or long or double or TemplateText && Comparison.AreEqual(context, value, other);
}
