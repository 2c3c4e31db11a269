using System.Text.Json;

namespace Crescent.Silo.Http;

/// <summary>Answers of /v1/completions.</summary>
internal sealed class TextFormat : IAnswerFormat
{
    public string IdPrefix => "cmpl";

    public string WholeObject => "text_completion";

    public string EventObject => "text_completion";

    public bool HasOpening => false;

    public void WriteWhole(Utf8JsonWriter json, string text) => json.WriteString("text"u8, text);

    public void WriteDelta(Utf8JsonWriter json, string? text, bool opening) => json.WriteString("text"u8, text ?? "");
}
