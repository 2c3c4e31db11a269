using System.Globalization;

namespace Crescent.Lab.Traces;

/// <summary>
/// Traces made by chance, always the same for a seed: <c>poisson</c>, <c>gamma</c> (gaps with a coefficient of variation of 3), <c>bursts</c>
/// (Poisson, at six times the mean rate in one of ten periods of 20 s and at 4/9 of it in the others), <c>code</c> (such gaps, long prompts and answers
/// of a few tokens, as editors ask for completions), <c>agents</c> (tasks that come by Poisson and fan
/// out into siblings with a prompt in common). Lengths are log-normal about a mean.
/// </summary>
/// <remarks>
/// The medians of <c>code</c>, 1,500 and 13 tokens, are those of Azure's coding service as Patel et al. report them (Splitwise, ISCA 2024).
/// </remarks>
public static class SyntheticTrace
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["poisson", "gamma", "bursts", "code", "agents"];

    private const int Requests = 20_000;
    private const double Rate = 10;
    private const double MeanPrompt = 1155;
    private const double MeanOutput = 211;
    private const double Spread = 0.8;
    private const double GapVariation = 3;
    private const double CodePrompt = 1500;
    private const double CodeOutput = 13;
    private const double CodeOutputSpread = 1.2;
    private const double PeriodSeconds = 20;
    private const double BurstRate = 6;
    private const double BurstShare = 0.1;
    private const int MostSiblings = 8;
    private const int TaskBlocks = 6;

    /// <summary>Whether <paramref name="name"/> is one of them.</summary>
    public static bool IsKnown(string name) => Names.Contains(name);

    /// <summary>Makes one; its rate is about 10 requests a second.</summary>
    /// <exception cref="FormatException">There is none of that name.</exception>
    public static Trace Create(string name, int seed = 1)
    {
        var random = new Random(seed);
        var requests = new List<TraceRequest>(Requests);
        var now = 0.0;
        while (requests.Count < Requests)
        {
            switch (name)
            {
                case "poisson":
                    now += Exponential(random) / Rate;
                    requests.Add(Request(random, now));
                    break;
                case "gamma":
                    now += Gap(random);
                    requests.Add(Request(random, now));
                    break;
                case "code":
                    now += Gap(random);
                    requests.Add(new TraceRequest(
                        now, LogNormal(random, CodePrompt, Spread, 16 * CodePrompt), LogNormal(random, CodeOutput, CodeOutputSpread, 64 * CodeOutput)));
                    break;
                case "bursts":
                    var burst = new Random((seed * 7919) + (int)(now / PeriodSeconds)).NextDouble() < BurstShare;
                    now += Exponential(random) / (Rate * (burst ? BurstRate : (1 - (BurstShare * BurstRate)) / (1 - BurstShare)));
                    requests.Add(Request(random, now));
                    break;
                case "agents":
                    now += Exponential(random) * ((1 + MostSiblings) / 2.0) / Rate;
                    AddTask(random, now, requests);
                    break;
                default:
                    throw new FormatException(string.Create(
                        CultureInfo.InvariantCulture, $"'{name}' is no trace: give a file, or one of {string.Join(", ", Names)}."));
            }
        }

        return Trace.Of(name, requests);
    }

    private static TraceRequest Request(Random random, double now) => new(now, Length(random, MeanPrompt), Length(random, MeanOutput));

    /// <summary>Siblings arrive together: the task's blocks first, then their own.</summary>
    private static void AddTask(Random random, double now, List<TraceRequest> requests)
    {
        var task = requests.Count;
        var siblings = 1 + random.Next(MostSiblings);
        for (var i = 0; i < siblings; i++)
        {
            var own = Length(random, MeanPrompt / 4);
            int[] blocks = [.. Enumerable.Range(0, TaskBlocks).Select(block => (task * TaskBlocks) + block)];
            requests.Add(new TraceRequest(now + (i * 0.002), (TaskBlocks * Trace.BlockTokens) + own, Length(random, MeanOutput), blocks, task));
        }
    }

    private static int Length(Random random, double mean) =>
        (int)Math.Clamp(mean * Math.Exp((Spread * Normal(random)) - (Spread * Spread / 2)), 8, 16 * mean);

    private static int LogNormal(Random random, double median, double spread, double most) =>
        (int)Math.Clamp(median * Math.Exp(spread * Normal(random)), 1, most);

    private static double Gap(Random random) => Gamma(random, 1 / (GapVariation * GapVariation)) * GapVariation * GapVariation / Rate;

    private static double Exponential(Random random) => -Math.Log(1 - random.NextDouble());

    private static double Normal(Random random) => Math.Sqrt(2 * Exponential(random)) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Gamma with a shape below 1 and a scale of 1 (Ahrens and Dieter's GS).</summary>
    private static double Gamma(Random random, double shape)
    {
        while (true)
        {
            var bound = (Math.E + shape) / Math.E;
            var p = bound * random.NextDouble();
            if (p <= 1)
            {
                var small = Math.Pow(p, 1 / shape);
                if (random.NextDouble() <= Math.Exp(-small))
                {
                    return small;
                }
            }
            else
            {
                var large = -Math.Log((bound - p) / shape);
                if (random.NextDouble() <= Math.Pow(large, shape - 1))
                {
                    return large;
                }
            }
        }
    }
}
