using Crescent.Engine.Model.Text;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>
/// The field <c>echo</c> of text completions: the answer begins with the prompt. With <c>logprobs</c> the tokens of the prompt come with theirs,
/// as measurements of how likely a text is ask for; the model is then given them as the beginning of its output.
/// </summary>
internal static class EchoFields
{
    /// <summary>The fields with <c>echo</c> read.</summary>
    /// <exception cref="ApiException">It stands beside what it cannot be with.</exception>
    public static CompletionFields WithEcho(this CompletionFields fields, RequestFields body, AskedStructure? structure)
    {
        fields = fields with { Echo = body.Flag("echo") ?? false };
        if (!fields.EchoesLogprobs)
        {
            return fields.Echo && fields.Stream ? throw Excluded("stream") : fields;
        }

        var sampling = fields.Call.Sampling;
        return fields.Stream ? throw Excluded("stream")
            : fields.Call.StopStrings.Count > 0 ? throw Excluded("stop")
            : fields.Candidates > fields.Choices ? throw Excluded("best_of")
            : sampling.FrequencyPenalty != 0 ? throw Excluded("frequency_penalty")
            : sampling.PresencePenalty != 0 ? throw Excluded("presence_penalty")
            : structure is not null ? throw ApiException.Unsupported("echo", "'echo' with 'logprobs' cannot stand beside a structure of the output; leave one of them out.")
            : fields;
    }

    /// <summary>The prompt as text, without the model's own start token.</summary>
    public static string Text(Tokenizer tokenizer, int[] prompt) =>
        tokenizer.Decode(tokenizer.AddsBeginOfSequence && prompt[0] == tokenizer.BeginOfSequence ? prompt.AsSpan(1) : prompt, withSpecial: true);

    private static ApiException Excluded(string field) =>
        ApiException.Unsupported("echo", $"'echo' cannot stand beside '{field}' here; leave one of them out.");
}
