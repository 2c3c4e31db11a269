using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Devices;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>Joins the embeddings of a step's tokens with the hidden states with which they come.</summary>
internal sealed class HiddenInputs : IDisposable
{
    private readonly GpuContext _context;
    private readonly StepTools _tools;
    private readonly HiddenInputWeights _weights;
    private readonly Kernel _norms;
    private readonly PinnedBuffer _host; // (width, tokens): floats
    private readonly DeviceBuffer _states; // the same
    private readonly DeviceBuffer _joined; // halves (padded twice the width, tokens)

    /// <param name="context">The GPU's.</param>
    /// <param name="tools">Of the step.</param>
    /// <param name="weights">In device memory.</param>
    public HiddenInputs(GpuContext context, StepTools tools, HiddenInputWeights weights)
    {
        _context = context;
        _tools = tools;
        _weights = weights;
        _norms = tools.Kernels.Get("layers.cu", "norm_pairs");
        _states = tools.Allocate(4L * tools.Config.Width);
        _joined = tools.Allocate(2L * Padded);
        _host = new PinnedBuffer(context, 4L * tools.MaxTokens * tools.Config.Width);
    }

    private int Padded => StepTools.Padded(2 * _tools.Config.Width);

    /// <summary>Queues the copy of a plan's hidden states. That of the one before is done.</summary>
    public void Write(StepPlan plan)
    {
        plan.Inputs.CopyTo(_host.As<float>(0, plan.Inputs.Length));
        _context.Check(
            DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyHtoDAsync_v2(_states.Pointer, _host.Pointer, 4L * plan.Inputs.Length, _context.Stream), "copy hidden states");
    }

    /// <summary>Queues what the first layer takes in.</summary>
    /// <param name="stream">(width, tokens): embeddings, which are written over.</param>
    /// <param name="tokens">Tokens.</param>
    public void Run(CUdeviceptr stream, int tokens)
    {
        var width = _tools.Config.Width;
        _norms.With(stream).With(_states.Pointer).With(_weights.TokenNorm.Pointer).With(_weights.HiddenNorm.Pointer).With(_joined.Pointer).With(width).With(Padded)
            .With(_tools.Config.NormEpsilon).Launch(tokens, 2, 256);
        _tools.Products.Multiply(_weights.Projection, _joined.Pointer, tokens, stream, width);
    }

    public void Dispose() => _host.Dispose();
}
