namespace Crescent.Grains.Contracts.Identity;

/// <summary>What a key opens.</summary>
public enum KeyRole
{
    /// <summary>Inference: completions, embeddings, tokenizing, models, the state of the factory.</summary>
    User,

    /// <summary>That, and what changes the factory for all: drain, power, models, decisions about others' requests.</summary>
    Admin,
}
