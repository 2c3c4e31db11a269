using System.Text.Json;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Answers of /v1/completions.</summary>
internal sealed class TextFormat : IAnswerFormat
{
    public string WholeObject => "text_completion";

    public string EventObject => "text_completion";

    public bool HasOpening => false;

    public void WriteWhole(Utf8JsonWriter json, Choice choice) => json.WriteString("text"u8, choice.Content);

    public void WriteDelta(Utf8JsonWriter json, AnswerDelta? delta, bool opening) => json.WriteString("text"u8, delta?.Content ?? "");

    public void WriteLogprobs(Utf8JsonWriter json, in ChoiceLogprobs logprobs, Tokenizer tokenizer) => logprobs.WriteText(json, tokenizer);
}
