using Crescent.Engine.Devices;
using Crescent.Engine.Power;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// The energy of one step, shared out by the work that each sequence caused: prompts by their tokens and attention, decodes by their part of the
/// pass over the weights and their context. Between prompts and decodes the device decides where it knows, else the coefficients.
/// </summary>
internal readonly struct StepEnergy
{
    private readonly WorkCoefficients _work;
    private readonly int _decodes;
    private readonly double _joulesPerPrefill;
    private readonly double _joulesPerDecode;

    /// <param name="plan">What the step computed.</param>
    /// <param name="joules">Of the whole step.</param>
    /// <param name="model">How to share them.</param>
    public StepEnergy(StepPlan plan, double joules, IPowerModel model)
    {
        _work = model.Work;
        var guesses = false;
        foreach (ref readonly var slice in plan.Slices)
        {
            _decodes += IsDecode(slice) ? 1 : 0;
            guesses |= slice.Logits == LogitsWanted.All;
        }

        double prefill = 0, decode = 0;
        foreach (ref readonly var slice in plan.Slices)
        {
            if (IsDecode(slice))
            {
                decode += Work(slice);
            }
            else
            {
                prefill += Work(slice);
            }
        }

        // A device does not know which of its slices are guesses, so that its share is of other groups.
        var share = prefill == 0 ? 0 : decode == 0 ? 1 : (guesses ? null : model.PrefillShare) ?? (prefill / (prefill + decode));
        _joulesPerPrefill = prefill == 0 ? 0 : joules * share / prefill;
        _joulesPerDecode = decode == 0 ? 0 : joules * (1 - share) / decode;
    }

    /// <summary>Joules of the sequence that had <paramref name="slice"/>.</summary>
    public double Share(in StepSlice slice) => Work(slice) * (IsDecode(slice) ? _joulesPerDecode : _joulesPerPrefill);

    // The last token of a prompt that is computed alone costs what a decode does.
    private static bool IsDecode(in StepSlice slice) => slice.TokenCount == 1 || slice.Logits == LogitsWanted.All;

    private double Work(in StepSlice slice) => IsDecode(slice)
        ? _work.Decode(slice.StartPosition, slice.TokenCount, _decodes)
        : _work.Prefill(slice.StartPosition, slice.TokenCount);
}
