namespace Crescent.Tests.Cuda;

/// <summary>What an emulated GPU has done.</summary>
/// <param name="Launches">Kernels.</param>
/// <param name="BytesToDevice">Copied from the host.</param>
/// <param name="BytesToHost">Copied to the host.</param>
/// <param name="GraphLaunches">Graphs.</param>
/// <param name="BytesInUse">Allocated now.</param>
internal sealed record EmulatedCounters(long Launches, long BytesToDevice, long BytesToHost, long GraphLaunches, long BytesInUse);
