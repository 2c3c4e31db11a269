namespace Crescent.Grains.Contracts.Hub;

/// <summary>How far bringing a model has come.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Done">Bytes of all its files that are there.</param>
/// <param name="Bytes">Bytes of all its files.</param>
/// <param name="BytesPerSecond">Of late; 0 where nothing was read yet.</param>
/// <param name="Note">What else there is to say, such as that another process brings it; null for nothing.</param>
public readonly record struct PullProgress(string Model, long Done, long Bytes, double BytesPerSecond, string? Note = null)
{
    /// <summary>A line for people: <c>SmolLM2-135M-Q4_K_M: 45 of 105 MB (43 %), 12 MB/s</c>.</summary>
    public override string ToString() => Note is not null
        ? $"{Model}: {Note}"
        : FormattableString.Invariant($"{Model}: {Done / 1e6:#,0} of {Bytes / 1e6:#,0} MB ({(Bytes == 0 ? 100 : 100.0 * Done / Bytes):0} %){(BytesPerSecond > 0 ? $", {BytesPerSecond / 1e6:0.0} MB/s" : "")}");
}
