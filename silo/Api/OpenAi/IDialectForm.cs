using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>
/// What a dialect with one answer a request makes of it: the same pieces become events, where there is a stream for them, and the whole in the end. One answer, told once.
/// </summary>
internal interface IDialectForm
{
    /// <summary>Keeps a stream open in which nothing comes.</summary>
    void Beat(EventStream events) => events.Comment();

    /// <summary>Tells that it begins.</summary>
    void Begin(EventStream? events);

    /// <summary>Takes a piece.</summary>
    void Add(in AnswerDelta delta, EventStream? events);

    /// <summary>Takes the end.</summary>
    ValueTask End(AnswerEnd end, EventStream? events);

    /// <summary>Writes the whole, behind its end.</summary>
    void WriteWhole(Utf8JsonWriter json);
}
