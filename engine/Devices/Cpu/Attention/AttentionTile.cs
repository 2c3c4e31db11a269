namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>Neighbouring tokens of one slice whose queries go through the pages together.</summary>
/// <param name="Slice">Index of the slice in the plan.</param>
/// <param name="Token">First token, counted over the whole step.</param>
/// <param name="Count">Tokens.</param>
/// <param name="Position">Position of the first token.</param>
internal readonly record struct AttentionTile(int Slice, int Token, int Count, int Position);
