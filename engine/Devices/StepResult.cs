namespace Crescent.Engine.Devices;

/// <summary>What a step gave. Owned by the device and valid until its next step.</summary>
public readonly ref struct StepResult
{
    private readonly Span<float> _logits;
    private readonly int _vocabularySize;

    /// <summary>Rows of logits, one after the other, and how long the step took.</summary>
    /// <param name="logits">(rows, vocabulary).</param>
    /// <param name="vocabularySize">Floats in a row.</param>
    /// <param name="duration">Device time of the step: measured, or modelled by a simulated device.</param>
    public StepResult(Span<float> logits, int vocabularySize, TimeSpan duration)
    {
        _logits = logits;
        _vocabularySize = vocabularySize;
        Duration = duration;
    }

    /// <summary>Device time of the step.</summary>
    public TimeSpan Duration { get; }

    /// <summary>A row of logits (vocabulary); the caller may overwrite it.</summary>
    public Span<float> Logits(int row) => _logits.Slice(row * _vocabularySize, _vocabularySize);
}
