using System.Text.Json;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>What differs between the answers of the completion endpoints.</summary>
internal interface IAnswerFormat
{
    /// <summary><c>object</c> of a whole answer.</summary>
    string WholeObject { get; }

    /// <summary><c>object</c> of an event.</summary>
    string EventObject { get; }

    /// <summary>Whether a stream opens with an event that has no text yet.</summary>
    bool HasOpening { get; }

    /// <summary>Writes the inside of a choice of a whole answer.</summary>
    void WriteWhole(Utf8JsonWriter json, Choice choice);

    /// <summary>Writes the inside of a choice of an event; <paramref name="delta"/> is null in the one that only ends it.</summary>
    void WriteDelta(Utf8JsonWriter json, AnswerDelta? delta, bool opening);

    /// <summary>Whether a piece of an answer is told at all.</summary>
    bool Tells(in AnswerDelta delta) => true;

    /// <summary>Writes the property <c>logprobs</c> of a choice.</summary>
    void WriteLogprobs(Utf8JsonWriter json, in ChoiceLogprobs logprobs, Tokenizer tokenizer);
}
