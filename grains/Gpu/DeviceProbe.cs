using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Tokens;

namespace Crescent.Grains.Gpu;

/// <summary>A short generation by which a device that was sick shows that it is well, before calls are given to it.</summary>
internal sealed class DeviceProbe : IOutputTaker
{
    /// <summary>Tokens that it has to give: so many that one which fails a third of its steps hardly passes (1 in 650).</summary>
    public const int Tokens = 16;

    /// <summary>The most that it may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Tickets are above 0.
    private const long Id = -1;

    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _tokens;

    private DeviceProbe()
    {
    }

    /// <summary>Tries <paramref name="engine"/>.</summary>
    /// <exception cref="DeviceSickException">It has failed.</exception>
    public static async Task Run(IInferenceEngine engine, TimeProvider time)
    {
        var probe = new DeviceProbe();
        try
        {
            engine.Submit(new InferenceRequest
            {
                Id = Id,
                RequestId = "probe",
                Prompt = [1, 2, 3, 4],
                MaxTokens = Tokens,
                IgnoreEndOfGeneration = true,
                Sampling = SamplingParameters.Greedy,
                Priority = RequestPriority.Interactive,
                Tenant = "crescent-probe",
                CacheSalt = "crescent-probe",
                Link = probe,
            });
            await probe._passed.Task.WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            throw new DeviceSickException($"it gave {probe._tokens} of {Tokens} tokens within {Patience.TotalSeconds:0} s when it was tried");
        }
        catch (RequestRefusedException e)
        {
            throw new DeviceSickException($"it refused a call when it was tried: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public void Take(in SequenceOutput output)
    {
        _tokens += output.Token >= 0 ? 1 : 0;
        if (output.Finish == FinishReason.None)
        {
            return;
        }

        if (output.Finish == FinishReason.Length)
        {
            _passed.TrySetResult();
        }
        else
        {
            _passed.TrySetException(new DeviceSickException($"a call ended after {_tokens} tokens when it was tried: {output.Error ?? output.Finish.ToString()}"));
        }
    }
}
