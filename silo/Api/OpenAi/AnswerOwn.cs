using System.Text.Json;
using Crescent.Grains.Requests;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>What an answer tells under <c>crescent</c> in whatever dialect: that its deadline has cut it, and what of its structure is not enforced.</summary>
internal static class AnswerOwn
{
    /// <summary>Writes it, where there is something to tell.</summary>
    /// <param name="json">Takes it.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="cut">What is to be said of one that its deadline cut short; null for one that it did not.</param>
    public static void Write(Utf8JsonWriter json, PreparedRequest request, string? cut)
    {
        if (cut is null && request.Unenforced.Count == 0)
        {
            return;
        }

        json.WriteStartObject("crescent"u8);
        if (cut is not null)
        {
            json.WriteString("cut_by"u8, "deadline"u8);
            json.WriteString("message"u8, cut);
        }

        if (request.Unenforced.Count > 0)
        {
            json.WriteStartArray("unenforced"u8);
            foreach (var place in request.Unenforced)
            {
                json.WriteStringValue(place);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
