using Crescent.Engine.Devices;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;

namespace Crescent.Grains.Gpu;

/// <summary>A short generation by which a device that was sick shows that it is well, before calls are given to it.</summary>
internal sealed class DeviceProbe : IOutputTaker
{
    /// <summary>Tokens that it has to give: so many that one which fails a third of its steps hardly passes (1 in 650).</summary>
    public const int Tokens = 16;

    /// <summary>What it may take at least: the first steps of a device that was just opened are slow.</summary>
    public static readonly TimeSpan LeastPatience = TimeSpan.FromSeconds(30);

    /// <summary>What it may take at most, however slow the device.</summary>
    public static readonly TimeSpan MostPatience = TimeSpan.FromMinutes(30);

    /// <summary>Times what is foreseen that it may take.</summary>
    private const double Slack = 4;

    private static readonly int[] Prompt = [1, 2, 3, 4];

    // Tickets are above 0.
    private const long Id = -1;

    private readonly TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _tokens;

    private DeviceProbe()
    {
    }

    /// <summary>What a probe of a device may take: a few times what its steps take, those of its former self among them, at its lowest clock.</summary>
    /// <param name="profile">What the device costs.</param>
    /// <param name="stepSeconds">What a step of its former self took, s; 0 where that is not known.</param>
    public static TimeSpan Patience(DeviceProfile profile, double stepSeconds)
    {
        var step = Math.Max(profile.DecodeSeconds(1, Prompt.Length + Tokens, DeviceProfile.LowestClock), stepSeconds);
        var foreseen = profile.PromptTime(Prompt.Length, 0, DeviceProfile.LowestClock) + (Tokens * step);
        return TimeSpan.FromSeconds(Math.Clamp(Slack * foreseen, LeastPatience.TotalSeconds, MostPatience.TotalSeconds));
    }

    /// <summary>Tries <paramref name="engine"/>.</summary>
    /// <exception cref="DeviceSickException">It has failed, or took longer than <paramref name="patience"/>.</exception>
    public static async Task Run(IInferenceEngine engine, TimeSpan patience, TimeProvider time)
    {
        var probe = new DeviceProbe();
        try
        {
            engine.Submit(new InferenceRequest
            {
                Id = Id,
                RequestId = "probe",
                Prompt = Prompt,
                MaxTokens = Tokens,
                IgnoreEndOfGeneration = true,
                Sampling = SamplingParameters.Greedy,
                Priority = RequestPriority.Interactive,
                Tenant = "crescent-probe",
                CacheSalt = "crescent-probe",
                Link = probe,
            });
            await probe._passed.Task.WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            throw new DeviceSickException($"it gave {probe._tokens} of {Tokens} tokens within {patience.TotalSeconds:0} s when it was tried");
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
