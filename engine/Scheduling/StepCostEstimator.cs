using Crescent.Engine.Devices;
using Crescent.Engine.Power;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Learns what a device costs from its steps, where nobody knows beforehand: a step's duration as a + b decoding sequences + c prompt tokens,
/// by least squares over relative errors that forgets exponentially, none of the three below 0. One thread counts, any may read.
/// </summary>
/// <remarks>
/// The sums of the normal equations are kept, and solved after every few steps, whether anybody asks or not: by trying all sets of coefficients that are
/// not 0, of which there are seven. What the newest steps do not tell, such as c while no prompt comes, stays as it was: each coefficient is tied
/// weakly to its last value.
/// </remarks>
internal sealed class StepCostEstimator(IPowerModel power)
{
    /// <summary>Weight of a step beside the one after it: a memory of some hundred steps.</summary>
    private const double Keep = 0.99;

    /// <summary>Weight of a change of a coefficient by all of itself, in steps that are wrong by all of their duration.</summary>
    private const double Tie = 0.002;

    /// <summary>A step no shorter than this, s: the clock's own error would count for more than what is measured.</summary>
    private const double LeastSeconds = 1e-6;

    /// <summary>Steps from one solution to the next; the first ones are solved one by one.</summary>
    private const int SolveEach = 8;

    private const int Terms = 3;

    /// <summary>What is assumed before the first step, s: those of a small model on a processor.</summary>
    private static readonly double[] Guess = [2e-3, 5e-4, 2e-4];

    private readonly Lock _lock = new();
    private readonly double[] _coefficients = [.. Guess];
    private readonly double[,] _products = new double[Terms, Terms];
    private readonly double[] _targets = new double[Terms];
    private readonly double[,] _matrix = new double[Terms, Terms + 1];
    private readonly double[] _trial = new double[Terms];
    private long _steps;

    /// <summary>What the newest steps show of the device.</summary>
    public StepCosts Costs
    {
        get
        {
            lock (_lock)
            {
                return new StepCosts(_coefficients[0], _coefficients[1], 0, _coefficients[2], 0);
            }
        }
    }

    /// <summary>The same as others are told it, with its power.</summary>
    public DeviceProfile Profile
    {
        get
        {
            var costs = Costs;
            return new DeviceProfile
            {
                StepSeconds = costs.Step,
                SequenceSeconds = costs.Sequence,
                ContextSeconds = costs.Context,
                PromptSeconds = costs.Prompt,
                IdleWatts = power.IdleWatts,
                AwakeWatts = power.IdleWatts,
                StaticWatts = power.CapWatts,
                DecodeBaseWatts = power.CapWatts,
                PrefillWatts = power.CapWatts,
                MinCapWatts = power.CapWatts,
                MaxCapWatts = power.CapWatts,
            };
        }
    }

    /// <summary>Takes in a step.</summary>
    public void Count(StepPlan plan, TimeSpan duration)
    {
        var (sequences, promptTokens) = (0, 0);
        foreach (ref readonly var slice in plan.Slices)
        {
            // A sequence that guesses ahead wants logits for all of its tokens; a prompt's chunk for the last one at most.
            if (slice.StartPosition > 0 && (slice.TokenCount == 1 || slice.Logits == LogitsWanted.All))
            {
                sequences++;
            }
            else
            {
                promptTokens += slice.TokenCount;
            }
        }

        Count(sequences, promptTokens, duration.TotalSeconds);
    }

    /// <summary>Takes in a step of <paramref name="sequences"/> that decode and <paramref name="promptTokens"/>.</summary>
    internal void Count(int sequences, int promptTokens, double seconds)
    {
        var scale = 1 / Math.Max(seconds, LeastSeconds);
        ReadOnlySpan<double> row = [scale, sequences * scale, promptTokens * scale];
        lock (_lock)
        {
            for (var i = 0; i < Terms; i++)
            {
                _targets[i] = (Keep * _targets[i]) + row[i];
                for (var j = 0; j < Terms; j++)
                {
                    _products[i, j] = (Keep * _products[i, j]) + (row[i] * row[j]);
                }
            }

            if (++_steps <= SolveEach || _steps % SolveEach == 0)
            {
                Solve();
            }
        }
    }

    private void Solve()
    {
        ReadOnlySpan<double> last = [_coefficients[0], _coefficients[1], _coefficients[2]];
        var best = double.MaxValue;
        for (var set = 1; set < 1 << Terms; set++)
        {
            if (TrySolve(set, last, out var error) && error < best)
            {
                best = error;
                _trial.CopyTo(_coefficients, 0);
            }
        }
    }

    /// <summary>Solves for the coefficients of <paramref name="set"/>, the others being 0, into the trial.</summary>
    /// <returns>False when one is negative.</returns>
    private bool TrySolve(int set, ReadOnlySpan<double> last, out double error)
    {
        for (var i = 0; i < Terms; i++)
        {
            var free = (set & (1 << i)) != 0;
            for (var j = 0; j < Terms; j++)
            {
                var both = free && (set & (1 << j)) != 0;
                _matrix[i, j] = both ? _products[i, j] : 0;
            }

            _matrix[i, i] = free ? _products[i, i] + Pull(i, last) : 1;
            _matrix[i, Terms] = free ? _targets[i] + (Pull(i, last) * last[i]) : 0;
        }

        Eliminate();
        error = 0;
        for (var i = 0; i < Terms; i++)
        {
            if (_trial[i] < 0)
            {
                return false;
            }

            // At the solution the squares are c - t.x, so the set with the largest t.x fits best.
            error -= _trial[i] * (_targets[i] + (Pull(i, last) * last[i]));
        }

        return true;
    }

    private static double Pull(int term, ReadOnlySpan<double> last)
    {
        var size = Math.Max(last[term], Guess[term]);
        return Tie / (size * size);
    }

    /// <summary>Gauss without pivots: the matrix is positive definite.</summary>
    private void Eliminate()
    {
        for (var i = 0; i < Terms; i++)
        {
            for (var k = i + 1; k < Terms; k++)
            {
                var factor = _matrix[k, i] / _matrix[i, i];
                for (var j = i; j <= Terms; j++)
                {
                    _matrix[k, j] -= factor * _matrix[i, j];
                }
            }
        }

        for (var i = Terms - 1; i >= 0; i--)
        {
            var sum = _matrix[i, Terms];
            for (var j = i + 1; j < Terms; j++)
            {
                sum -= _matrix[i, j] * _trial[j];
            }

            _trial[i] = sum / _matrix[i, i];
        }
    }
}
