namespace Crescent.Lab.Frontier;

/// <summary>One way to run a megawatt of one GPU.</summary>
/// <param name="TensorParallel">GPUs of a group.</param>
/// <param name="Batch">Sequences that decode together.</param>
/// <param name="TokensPerSecondPerUser">Speed that one user sees.</param>
/// <param name="TokensPerSecondPerMegawatt">Output tokens of the whole megawatt.</param>
/// <param name="DataParallel">Whether the group is parallel by data and experts, and not by tensors.</param>
/// <param name="PrefillClock">Clock of the GPUs that compute prompts, as a share of the highest.</param>
/// <param name="DecodeClock">Clock of those that decode.</param>
public readonly record struct FrontierPoint(int TensorParallel, int Batch, double TokensPerSecondPerUser, double TokensPerSecondPerMegawatt, bool DataParallel = false, double PrefillClock = 1, double DecodeClock = 1);
