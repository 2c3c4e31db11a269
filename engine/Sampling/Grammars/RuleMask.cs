namespace Crescent.Engine.Sampling.Grammars;

/// <summary>What a rule allows by itself, from some of its nodes on.</summary>
/// <param name="Mask">Tokens that lie within it, or end where it ends.</param>
/// <param name="Ends">Nodes of the vocabulary's tree at which it may have ended, with tokens going on below.</param>
/// <param name="Reach">Deepest stack, above its own frame, that was looked at.</param>
/// <param name="TooAmbiguous">Whether a token was left out because it leaves too many readings open.</param>
internal sealed record RuleMask(TokenMask Mask, int[] Ends, int Reach, bool TooAmbiguous);
