using System.Text.Json;

namespace Crescent.Client.Load.Wire;

/// <summary>What an event of <c>/v1/responses</c> is.</summary>
internal enum ResponseEventKind
{
    Other,
    Output,
    Thought,
    End,
    Failure,
}

/// <summary>Events of <c>/v1/responses</c>.</summary>
internal static class ResponseEvent
{
    /// <summary>What an event of <c>/v1/responses</c> says, by its type; others have none.</summary>
    public static ResponseEventKind Kind(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.String)
        {
            json.Skip();
            return ResponseEventKind.Other;
        }

        return json.ValueTextEquals("response.output_text.delta"u8) || json.ValueTextEquals("response.refusal.delta"u8) || json.ValueTextEquals("response.function_call_arguments.delta"u8) ? ResponseEventKind.Output
            : json.ValueTextEquals("response.reasoning_text.delta"u8) || json.ValueTextEquals("response.reasoning_summary_text.delta"u8) ? ResponseEventKind.Thought
            : json.ValueTextEquals("response.completed"u8) || json.ValueTextEquals("response.incomplete"u8) ? ResponseEventKind.End
            : json.ValueTextEquals("response.failed"u8) || json.ValueTextEquals("error"u8) ? ResponseEventKind.Failure
            : ResponseEventKind.Other;
    }
}
