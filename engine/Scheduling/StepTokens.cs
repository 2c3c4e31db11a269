using Crescent.Engine.Devices;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// The tokens of a step, drawn for all sequences together. A sequence that guessed has several rows, each of which stands only if the guess before
/// it came true: so there are rounds, the first row of every sequence, then the second of those whose guess came true, and so on.
/// </summary>
internal sealed class StepTokens(IDevice device, Tokenizer tokenizer)
{
    private readonly Sampler _sampler = new(tokenizer, device.Info.VocabularySize);
    private List<DrawnToken> _round = [];
    private List<DrawnToken> _next = [];
    private bool _begun;

    /// <summary>The device's sampler was called and has not come back.</summary>
    public bool IsDrawing { get; private set; }

    /// <summary>Tokens of this round.</summary>
    public int Count => _round.Count;

    /// <summary>A token of this round.</summary>
    public DrawnToken this[int index] => _round[index];

    /// <summary>Adds a row to the next round.</summary>
    /// <param name="sequence">Whose next token it gives.</param>
    /// <param name="row">Its row in the step's result.</param>
    /// <param name="accepted">How many of its guesses came true before.</param>
    public void Add(Sequence sequence, int row, int accepted = 0) => _next.Add(new DrawnToken(sequence, row, accepted, SamplingRow.NoToken, null));

    /// <summary>Has the device draw the rows that were added as soon as its newest step has their logits; <see cref="Draw"/> then finds them drawn.</summary>
    public void Begin()
    {
        Turn();
        _begun = true;
        Fill();
        if (_sampler.Batch.Rows.Length > 0)
        {
            IsDrawing = true;
            device.Sampler!.Begin(_sampler.Batch);
            IsDrawing = false;
        }
    }

    /// <summary>Draws the rows that were added; false when there are none.</summary>
    public bool Draw(in StepResult result)
    {
        var begun = _begun;
        _begun = false;
        if (!begun)
        {
            Turn();
        }

        if (_round.Count == 0)
        {
            return false;
        }

        if (result.HasTokens)
        {
            for (var i = 0; i < _round.Count; i++)
            {
                _round[i] = _round[i] with { Token = result.Token(_round[i].Row) };
            }

            return true;
        }

        var batch = _sampler.Batch;
        if (begun)
        {
            batch.Settle();
        }
        else
        {
            Fill();
        }

        while (batch.Rows.Length > 0)
        {
            Sample(result, batch);
            batch.Settle();
        }

        for (var i = 0; i < _round.Count; i++)
        {
            _round[i] = _round[i] with { Token = batch[i].Token, Logprobs = batch[i].Logprobs(batch.VocabularySize), Fault = batch[i].Fault };
        }

        batch.Clear();
        return true;
    }

    /// <summary>Forgets the rows of a step that failed.</summary>
    public void Clear()
    {
        IsDrawing = _begun = false;
        _round.Clear();
        _next.Clear();
        _sampler.Batch.Clear();
    }

    private void Turn()
    {
        (_round, _next) = (_next, _round);
        _next.Clear();
    }

    private void Fill()
    {
        foreach (var drawn in _round)
        {
            _sampler.Batch.Add(drawn.Sequence.Sampling, drawn.Row, drawn.Sequence.TokenCount);
        }
    }

    private void Sample(in StepResult result, SamplingBatch batch)
    {
        if (device.Sampler is { } sampler)
        {
            IsDrawing = true;
            sampler.Sample(batch);
            IsDrawing = false;
            return;
        }

        foreach (var row in batch.Rows)
        {
            try
            {
                _sampler.Sample(result.Logits(row.LogitsRow), row);
            }
            catch (Exception fault)
            {
                row.Fail(fault);
            }
        }
    }
}
