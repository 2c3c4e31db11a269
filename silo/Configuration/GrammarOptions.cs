using System.Globalization;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Silo.Configuration;

/// <summary>What structured output may take in each silo. Section <c>Crescent</c>.</summary>
public sealed class GrammarOptions : IChecked
{
    public const int DefaultGrammarMib = 128;
    public const int MinGrammarMib = 8;
    public const int MaxGrammarMib = 1 << 20;
    public const double MinGrammarSeconds = 0.01;
    public const double MaxGrammarSeconds = 600;
    public const long MaxGrammarWork = 1_000_000_000_000;

    // Of each half of the memory, what one grammar may have.
    private const int Share = 4;

    /// <summary>
    /// MiB for the grammars of a silo: half for compiled ones, half for what they have worked out of texts; one grammar has a quarter of
    /// each at most.
    /// </summary>
    public int GrammarMib { get; set; } = DefaultGrammarMib;

    /// <summary>States of one compiled grammar.</summary>
    public int GrammarStates { get; set; } = GrammarLimits.DefaultMaxStates;

    /// <summary>Seconds that compiling one grammar may take.</summary>
    public double GrammarSeconds { get; set; } = GrammarLimits.DefaultCompileTime.TotalSeconds;

    /// <summary>Steps that finding the tokens allowed at one point of a text may take.</summary>
    public long GrammarWork { get; set; } = GrammarLimits.DefaultMaxMaskWork;

    /// <summary>The limits that follow.</summary>
    public GrammarLimits Limits => new()
    {
        MaxStates = GrammarStates,
        MaxBytes = Half / Share,
        CompileTime = TimeSpan.FromSeconds(GrammarSeconds),
        CacheBytes = Half,
        StoreBytes = Half / Share,
        AllStoresBytes = Half,
        MaxMaskWork = GrammarWork,
    };

    private long Half => (long)GrammarMib << 19;

    public IEnumerable<string> Problems()
    {
        foreach (var (setting, value, least, most) in new (Setting, double, double, double)[]
        {
            (Settings.GrammarMib, GrammarMib, MinGrammarMib, MaxGrammarMib),
            (Settings.GrammarStates, GrammarStates, GrammarLimits.LeastMaxStates, GrammarLimits.MostMaxStates),
            (Settings.GrammarSeconds, GrammarSeconds, MinGrammarSeconds, MaxGrammarSeconds),
            (Settings.GrammarWork, GrammarWork, GrammarLimits.LeastMaxMaskWork, MaxGrammarWork),
        })
        {
            if (!(value >= least && value <= most))
            {
                yield return Settings.OutOfRange(setting, value, string.Create(CultureInfo.InvariantCulture, $"{least} to {most}"));
            }
        }
    }
}
