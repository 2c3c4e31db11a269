namespace Crescent.GpuCheck.Kernels;

/// <summary>A kernel does not do what the reference does.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);
