using Crescent.Engine.Devices;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// What a step costs at full clock, as in <see cref="DeviceProfile"/>: Step + B Sequence + C Context for B decoding sequences with C positions of
/// context, and for n prompt tokens from position s on n Prompt + n (s + n/2) PromptPair. All in seconds, none below 0.
/// </summary>
internal readonly record struct StepCosts(double Step, double Sequence, double Context, double Prompt, double PromptPair)
{
    /// <summary>The costs that a device tells of itself.</summary>
    public static StepCosts Of(DeviceProfile profile) =>
        new(profile.StepSeconds, profile.SequenceSeconds, profile.ContextSeconds, profile.PromptSeconds, profile.PromptPairSeconds);

    /// <summary>A step of <paramref name="sequences"/> that decode, s.</summary>
    public double DecodeSeconds(int sequences, long context) => Step + (sequences * Sequence) + (context * Context);

    /// <summary>What <paramref name="tokens"/> of a prompt add, s.</summary>
    public double PromptSeconds(int tokens, int start) => (tokens * Prompt) + (tokens * (start + (tokens / 2.0)) * PromptPair);

    /// <summary>The tokens of a prompt that <paramref name="seconds"/> are enough for.</summary>
    public double PromptTokens(double seconds, int start)
    {
        // n (s + n/2) q + n p = t, solved for n in the form that stays exact where q is small or 0.
        var linear = Prompt + (start * PromptPair);
        var root = linear + Math.Sqrt((linear * linear) + (2 * PromptPair * Math.Max(0, seconds)));
        return root > 0 ? 2 * Math.Max(0, seconds) / root : double.PositiveInfinity;
    }
}
