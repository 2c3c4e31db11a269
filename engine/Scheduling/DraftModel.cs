using Crescent.Engine.Devices;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// A smaller model of the same vocabulary, or the head of an engine's own model for multi-token prediction (a device with <see cref="DeviceInfo.InputSize"/>), which guesses what the
/// engine's sequences go on with.
/// </summary>
/// <param name="Device">Runs it, on the engine's thread between two steps; has no other engine. It stays the caller's to dispose.</param>
/// <param name="Name">The model's name.</param>
/// <param name="Tokens">Most tokens to guess for a sequence in a step, unless its request says how many: 0 to <see cref="MaxTokens"/>.</param>
public sealed record DraftModel(IDevice Device, string Name, int Tokens = DraftModel.DefaultTokens)
{
    public const int DefaultTokens = 4;

    /// <summary>Most guesses of a sequence in a step.</summary>
    public const int MaxTokens = Speculation.MaxTokens;

    /// <summary>Throws when it is to guess more tokens than can be guessed.</summary>
    /// <exception cref="ArgumentException">It is.</exception>
    internal void CheckTokens()
    {
        if ((uint)Tokens > MaxTokens)
        {
            throw new ArgumentException($"{Name} is to guess {Tokens} tokens; 0 to {MaxTokens} can be guessed.");
        }
    }
}
