namespace Crescent.Engine.Cuda.Driver;

/// <summary>A GPU cannot be used, or has failed; the message says what was done, what the driver answered and what helps.</summary>
public sealed class CudaDeviceException : Exception
{
    public CudaDeviceException(string message)
        : base(message)
    {
    }

    public CudaDeviceException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
