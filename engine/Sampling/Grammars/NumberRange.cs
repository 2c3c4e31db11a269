using System.Numerics;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Numbers between bounds, and those of them that are multiples of a step, all counted in units of 10^-<see cref="Scale"/>: what is excluded by
/// a bound is one unit off it.
/// </summary>
/// <param name="Least">Smallest, in units.</param>
/// <param name="Most">Largest, in units.</param>
/// <param name="Step">What each is a multiple of, in units; 1 and up.</param>
/// <param name="Scale">Digits behind the point at most.</param>
/// <param name="IsStepped">Whether nothing between two steps is in it; otherwise the unit is only as fine as numbers are written.</param>
internal sealed record NumberRange(BigInteger Least, BigInteger Most, BigInteger Step, int Scale, bool IsStepped)
{
    /// <summary>Digits before the point at most.</summary>
    public const int MaxWholeDigits = 18;

    private static readonly BigInteger Limit = BigInteger.Pow(10, MaxWholeDigits) - 1;

    /// <summary>Whether no number is in it.</summary>
    public bool IsEmpty => First > Most;

    /// <summary>The smallest number in it, in units.</summary>
    public BigInteger First => Least + ((((-Least) % Step) + Step) % Step);

    /// <summary>What several schemas say of numbers; null where they say nothing.</summary>
    public static NumberRange? Read(IReadOnlyList<SchemaNode> schemas, bool isInteger)
    {
        var bounds = new[] { "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf" };
        if (!schemas.Any(schema => bounds.Any(keyword => schema.Find(keyword) is not null)))
        {
            return null;
        }

        var (scale, step) = Steps(schemas, isInteger);
        var unit = BigInteger.Pow(10, scale);
        var (least, most) = (-Limit * unit, Limit * unit);
        foreach (var schema in schemas)
        {
            if (Number(schema, "minimum") is { } minimum)
            {
                least = BigInteger.Max(least, Above(minimum, scale, IsTrue(schema, "exclusiveMinimum")));
            }

            if (Number(schema, "exclusiveMinimum") is { } above)
            {
                least = BigInteger.Max(least, Above(above, scale, isExcluded: true));
            }

            if (Number(schema, "maximum") is { } maximum)
            {
                most = BigInteger.Min(most, Below(maximum, scale, IsTrue(schema, "exclusiveMaximum")));
            }

            if (Number(schema, "exclusiveMaximum") is { } below)
            {
                most = BigInteger.Min(most, Below(below, scale, isExcluded: true));
            }
        }

        return new NumberRange(least, most, step, scale, schemas.Any(static schema => schema.Find("multipleOf") is not null));
    }

    /// <summary>Whether a number is in it.</summary>
    public bool Has(JsonElement number)
    {
        var value = ExactDecimal.Read(number);
        if (IsStepped || value.Scale <= Scale)
        {
            var (units, isExact) = value.Floor(Scale);
            return isExact && units >= Least && units <= Most && units % Step == 0;
        }

        // Finer than the unit: it lies above the unit below it.
        var below = value.Floor(Scale).Whole;
        return below >= Least - 1 && below < Most + 1 && (below >= Least || below + 1 <= Most);
    }

    private static (int Scale, BigInteger Step) Steps(IReadOnlyList<SchemaNode> schemas, bool isInteger)
    {
        var scale = isInteger ? 0 : JsonFragments.MaxDigits;
        ExactDecimal[] steps = [.. schemas.Select(static schema => Number(schema, "multipleOf") is { } step
            ? step.Digits.Sign > 0 ? step : throw new GrammarException($"{schema}/multipleOf", "is a number above 0")
            : (ExactDecimal?)null).OfType<ExactDecimal>()];
        if (steps.Length == 0)
        {
            return (scale, BigInteger.One);
        }

        // Of steps in their common unit the least common multiple; whole numbers that are multiples of a fraction are those of its numerator.
        var common = steps.Max(static step => step.Scale);
        var all = steps.Select(step => step.Digits * BigInteger.Pow(10, common - step.Scale)).Aggregate(static (one, other) => one / BigInteger.GreatestCommonDivisor(one, other) * other);
        if (!isInteger)
        {
            return (common, all);
        }

        var unit = BigInteger.Pow(10, common);
        return (0, all / BigInteger.GreatestCommonDivisor(all, unit));
    }

    private static BigInteger Above(ExactDecimal bound, int scale, bool isExcluded)
    {
        var (whole, isExact) = bound.Floor(scale);
        return isExact && !isExcluded ? whole : whole + 1;
    }

    private static BigInteger Below(ExactDecimal bound, int scale, bool isExcluded)
    {
        var (whole, isExact) = bound.Floor(scale);
        return isExact && isExcluded ? whole - 1 : whole;
    }

    private static bool IsTrue(SchemaNode schema, string keyword) => schema.Find(keyword)?.Element.ValueKind == JsonValueKind.True;

    // Older drafts say true or false of whether a bound is excluded.
    private static ExactDecimal? Number(SchemaNode schema, string keyword) => schema.Find(keyword)?.Element is not { } value || value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? null
        : value.ValueKind == JsonValueKind.Number && value.GetRawText().Length <= 400 ? ExactDecimal.Read(value)
        : throw new GrammarException($"{schema}/{keyword}", "is a number");
}
