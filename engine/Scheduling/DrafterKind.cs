namespace Crescent.Engine.Scheduling;

/// <summary>Where guesses of a sequence's next tokens come from.</summary>
internal enum DrafterKind
{
    /// <summary>The request itself says what comes.</summary>
    Given,

    /// <summary>The sequence's own text, see <see cref="NGramDrafter"/>.</summary>
    NGram,

    /// <summary>A smaller model, see <see cref="ModelDrafter"/>.</summary>
    Model,
}
