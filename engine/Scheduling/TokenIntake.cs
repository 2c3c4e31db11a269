using Crescent.Engine.Devices;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// What happens with the tokens of a step: each is appended to its sequence, turned into text, and goes on or ends it. An exception while one is taken
/// ends its own sequence. For the engine's thread.
/// </summary>
/// <param name="tokens">Draws them.</param>
/// <param name="living">The sequences.</param>
/// <param name="scheduler">Learns what was computed.</param>
/// <param name="masks">Finds what may come next.</param>
/// <param name="outputs">What is put out.</param>
/// <param name="statistics">Counts them.</param>
/// <param name="tokenizer">Knows the tokens that end a generation.</param>
/// <param name="model">Its name, for messages.</param>
/// <param name="tokensAreGiven">Whether the device gives tokens by itself, which no structure holds.</param>
internal sealed class TokenIntake(
    StepTokens tokens,
    LivingSequences living,
    Scheduler scheduler,
    PendingMasks masks,
    StepOutputs outputs,
    EngineStatistics statistics,
    Tokenizer tokenizer,
    string model,
    bool tokensAreGiven)
{
    /// <summary>What a request is told whose logits or hidden states are no numbers.</summary>
    public string NotFinite { get; } =
        $"The model {model} gives no finite numbers: its file is damaged, or not what its architecture says. Use another file of it.";

    /// <inheritdoc cref="StepTokens.IsDrawing"/>
    public bool IsDrawing => tokens.IsDrawing;

    /// <summary>A row of a step gives the next token of a sequence.</summary>
    public void Add(Sequence sequence, int row) => tokens.Add(sequence, row);

    /// <summary>Has the device draw the rows that were added as soon as its newest step has their logits.</summary>
    public void Begin() => tokens.Begin();

    /// <summary>Forgets the rows of steps that failed.</summary>
    public void Clear() => tokens.Clear();

    /// <summary>Takes the next token of each sequence of a step, and the ones after it as long as they are what was guessed.</summary>
    public void Take(in StepResult result, long now)
    {
        while (tokens.Draw(result))
        {
            for (var i = 0; i < tokens.Count; i++)
            {
                Take(tokens[i], now);
            }
        }
    }

    /// <summary>Finds what may come next of a sequence, or lets it wait for that.</summary>
    public void FindMask(Sequence sequence)
    {
        if (tokensAreGiven)
        {
            return;
        }

        try
        {
            if (masks.Find(sequence) is { } fault)
            {
                living.End(sequence, FinishReason.Refused, fault);
            }
        }
        catch (Exception fault)
        {
            living.Fail(sequence, "what its structure allows was looked for", fault);
        }
    }

    private void Take(in DrawnToken drawn, long now)
    {
        var (sequence, accepted) = (drawn.Sequence, drawn.Accepted);
        if (sequence.HasEnded)
        {
            // While the step was in flight.
            return;
        }

        if (drawn.Token < 0)
        {
            EndWithout(drawn);
            return;
        }

        var guess = accepted < sequence.GuessCount ? sequence.NextGuess : -1;
        var before = sequence.OutputCount;
        try
        {
            Take(sequence, drawn.Token, drawn.Logprobs, now);
        }
        catch (Exception fault) when (!sequence.HasEnded)
        {
            // A token that has become part of the sequence is put out with the error, so that offsets stay contiguous.
            living.Fail(sequence, "its next token was put out", fault, sequence.OutputCount > before ? drawn.Token : -1);
        }

        if (drawn.Token != guess || sequence.HasEnded || sequence.WaitsForMask)
        {
            // The last one may have come true and yet end this: its position is not taken over, because the sequence ends or waits.
            var right = drawn.Token == guess ? accepted + 1 : accepted;
            scheduler.Counters.CountGuess(sequence.GuessedBy, sequence.GuessCount, right);
            scheduler.EndGuess(sequence, right, accepted);
            return;
        }

        scheduler.Computed(sequence, 1);
        tokens.Add(sequence, drawn.Row + 1, accepted + 1);
    }

    private void EndWithout(in DrawnToken drawn)
    {
        switch (drawn.Token)
        {
            case SamplingRow.NotFinite:
                living.End(drawn.Sequence, FinishReason.Error, NotFinite);
                break;
            case SamplingRow.Failed:
                living.Fail(drawn.Sequence, "its next token was chosen", drawn.Fault!);
                break;
            default:
                living.End(drawn.Sequence, FinishReason.Refused, "No token of the model can go on the structure that the request asks for.");
                break;
        }
    }

    private void Take(Sequence sequence, int token, TokenLogprobs? logprobs, long now)
    {
        if (sequence.OutputCount == 0)
        {
            sequence.FirstTokenAt = now;
        }

        sequence.Append(token);
        statistics.CountOutput();
        var request = sequence.Request;
        var isGiven = sequence.Sampling.OutputCount <= request.Sampling.Given.Count;
        if ((tokenizer.IsEndOfGeneration(token) && !isGiven && (!request.IgnoreEndOfGeneration || sequence.Sampling.IsEnded))
            || (request.StopTokens.Contains(token) && !isGiven && sequence.TotalOutputCount > request.Sampling.MinTokens))
        {
            living.End(sequence, token, FinishReason.Stop, null, logprobs, part: TextPart.Rest);
            return;
        }

        // A stop string may end it with this token; without one its text can wait until the next step is under way.
        var stops = request.StopStrings.Count > 0;
        var (text, part) = stops ? (sequence.Text.Append(token), TextPart.None) : ("", TextPart.Token);
        if (sequence.Text.Stopped)
        {
            living.End(sequence, token, FinishReason.Stop, null, logprobs, text: text);
        }
        else if (sequence.OutputCount == request.MaxTokens)
        {
            living.End(sequence, token, FinishReason.Length, null, logprobs, text: text, part: part | TextPart.Rest);
        }
        else
        {
            outputs.Add(new SequenceOutput(request, sequence.OutputCount - 1, token, text, FinishReason.None, null, null, logprobs), sequence, part);
            FindMask(sequence);
        }
    }
}
