using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Numbers by what several schemas say of them: bounds and steps.</summary>
internal static class JsonNumbers
{
    /// <summary>Appends a number; null where none satisfies them.</summary>
    public static int? Append(ByteNetwork network, JsonFragments json, int from, IReadOnlyList<SchemaNode> schemas, bool isInteger, SchemaReport report)
    {
        if (NumberRange.Read(schemas, isInteger) is not { } range)
        {
            return isInteger ? json.Integer(from) : json.Number(from);
        }

        if (range.IsEmpty)
        {
            report.Contradict(schemas[0].ToString(), $"no {(isInteger ? "integer" : "number")} lies between the bounds");
            return null;
        }

        return NumberDigits.Append(network, from, range);
    }

    /// <summary>Whether schemas allow a number.</summary>
    public static bool Allow(IReadOnlyList<SchemaNode> schemas, JsonElement value) =>
        NumberRange.Read(schemas, isInteger: false) is not { } range || range.Has(value);
}
