using System.Globalization;
using System.Text.Json;

namespace Crescent.Silo.Api.Wire;

/// <summary>
/// The fields of a JSON object of a request. Reading one checks it and names it when it is wrong; null counts as absent. What was
/// never asked for is <see cref="Unread"/>.
/// </summary>
/// <param name="element">The object.</param>
/// <param name="path">Its place in the body, empty for the body itself.</param>
public sealed class RequestFields(JsonElement element, string path = "")
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>Names of all fields.</summary>
    public IEnumerable<string> Names => element.EnumerateObject().Select(p => p.Name);

    /// <summary>Paths of the fields that nobody asked for.</summary>
    public IEnumerable<string> Unread => Names.Where(n => !_read.Contains(n)).Select(Path);

    /// <summary>Refuses what nobody asked for, in an object of which all members are known.</summary>
    /// <param name="known">What there is, for the message.</param>
    /// <exception cref="ApiException">There is something else.</exception>
    public void RefuseUnread(string known)
    {
        foreach (var field in element.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null && !_read.Contains(field.Name)))
        {
            throw ApiException.Unsupported(Path(field.Name), $"'{Path(field.Name)}' is not known here; there are: {known}.");
        }
    }

    /// <summary>The name of a field with the path before it, such as <c>messages[0].role</c>.</summary>
    public string Path(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>A field of any type.</summary>
    public JsonElement? Any(string name)
    {
        _read.Add(name);
        return element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>A text.</summary>
    public string? Text(string name) => Any(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw ApiException.InvalidType(Path(name), "a string", Kind(value));

    /// <summary>A truth value.</summary>
    public bool? Flag(string name) => Any(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw ApiException.InvalidType(Path(name), "true or false", Kind(value));

    /// <summary>A number of <paramref name="least"/> to <paramref name="most"/>.</summary>
    public double? Number(string name, double least, double most) => Any(name) is { } value ? Number(name, value, least, most) : null;

    /// <summary>All fields in one go, where each is a number of <paramref name="least"/> to <paramref name="most"/> or null.</summary>
    public IEnumerable<KeyValuePair<string, double?>> Numbers(double least, double most)
    {
        foreach (var field in element.EnumerateObject())
        {
            _read.Add(field.Name);
            yield return new(field.Name, field.Value.ValueKind == JsonValueKind.Null ? null : Number(field.Name, field.Value, least, most));
        }
    }

    private double Number(string name, JsonElement value, double least, double most)
    {
        var range = string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}");
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.InvalidType(Path(name), range, Kind(value));
        }

        return value.TryGetDouble(out var number) && number >= least && number <= most
            ? number
            : throw ApiException.InvalidValue(Path(name), $"'{Path(name)}' must be {range}, not {value.GetRawText()}.");
    }

    /// <summary>A whole number of <paramref name="least"/> to <paramref name="most"/>.</summary>
    public long? Integer(string name, long least, long most)
    {
        if (Any(name) is not { } value)
        {
            return null;
        }

        var range = string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}");
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.InvalidType(Path(name), range, Kind(value));
        }

        return IsWhole(value, out var number) && number >= least && number <= most
            ? number
            : throw ApiException.InvalidValue(Path(name), $"'{Path(name)}' must be {range}, not {value.GetRawText()}.");
    }

    /// <summary>JSON has one kind of numbers: 1e1 and 10.0 are 10.</summary>
    private static bool IsWhole(JsonElement value, out long number)
    {
        if (value.TryGetInt64(out number))
        {
            return true;
        }

        var isWhole = value.TryGetDecimal(out var exact) && exact == decimal.Truncate(exact) && exact is >= long.MinValue and <= long.MaxValue;
        number = isWhole ? (long)exact : 0;
        return isWhole;
    }

    /// <summary>An object.</summary>
    public RequestFields? Object(string name) => Any(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new RequestFields(value, Path(name))
        : throw ApiException.InvalidType(Path(name), "an object", Kind(value));

    /// <summary>What a JSON value is, for a message.</summary>
    internal static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a truth value",
        _ => "null",
    };
}
