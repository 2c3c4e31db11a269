using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Lab.Studies;

/// <summary>Reports of studies as JSON: camel case, indented; what is not a number is said by its name.</summary>
internal static class StudyJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>The report as text.</summary>
    public static string Text(object report) => JsonSerializer.Serialize(report, Options);
}
