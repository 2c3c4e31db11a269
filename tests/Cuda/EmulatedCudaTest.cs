namespace Crescent.Tests.Cuda;

/// <summary>Tests on the emulated driver run one class after the other: what one asks of a GPU would befall another's.</summary>
[Collection(nameof(EmulatedCuda))]
public abstract class EmulatedCudaTest : IDisposable
{
    protected EmulatedCudaTest() => EmulatedCuda.Use();

    public void Dispose()
    {
        for (var gpu = 0; gpu < EmulatedCuda.Devices; gpu++)
        {
            EmulatedCuda.Fail(gpu, 0, -1);
            EmulatedCuda.Hold(gpu, false);
            EmulatedCuda.ResetMemory(gpu);
        }

        EmulatedCuda.Order(0);
        EmulatedCuda.Peers(true);
        EmulatedCuda.CapturesCopies(true);
        GC.SuppressFinalize(this);
    }
}
