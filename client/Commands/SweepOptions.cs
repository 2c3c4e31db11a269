using System.CommandLine;
using Crescent.Client.Load.Reports;
using Crescent.Client.Load.Sweeps;
using Crescent.Grains.Contracts.Power;

namespace Crescent.Client.Commands;

/// <summary>The options of <c>sweep</c> beyond those of each of its runs.</summary>
internal sealed class SweepOptions
{
    private const double DefaultMost = 256;

    private readonly Option<SweepAxis> _over = new("--over") { Description = "What grows: requests at a time, requests a second, agents (sessions) at a time, or how many times as fast the arrivals of a --trace come", DefaultValueFactory = static _ => SweepAxis.Concurrency };

    private readonly Option<double[]?> _at = ListOption.Create<double>(
        "--at", "Loads, such as 1,2,4,8 (default: doubled from 1 until that gives less than 5 % more twice, a tenth of the calls fail, or --most)", "N,…", "numbers above 0 and up to 1,000,000", static v => v is > 0 and <= 1e6);

    private readonly Option<double?> _most = NumberOption.Create<double>("--most", $"Where doubling ends (default: {DefaultMost})", "N", "a number from 1 to 16,000", static v => v is >= 1 and <= 16_000);
    private readonly Option<int?> _refine = NumberOption.Create<int>("--refine", "So many more loads between the last that keeps the SLO (with agents: the first of --tiers) and the first that does not (default: 0)", "N", "a whole number from 0 to 32", static v => v is >= 0 and <= 32);
    private readonly Option<double?> _attain = NumberOption.Create<double>("--attain", "Share of calls that must keep the --slo (default: 0.95)", "X", "a number above 0 and up to 1", static v => v is > 0 and <= 1);

    private readonly Option<string?> _power = new("--power")
    {
        Description = "What power volumes are held against: watts that are drawn or provided for in all, such as 43.5kW; factory (what GET /v1/factory says of its devices); usage (joules of the answers); host (this host's meters); none (default: factory, else usage, else none)",
        HelpName = "POWER",
    };

    private readonly Option<double?> _clock = NumberOption.Create<double>("--clock", "The server's simulated clock runs so many times as fast as the wall's (its --speed): figures are told in its time (default: 1)", "X", "a number from 0.0001 to 1000", static v => v is >= 0.0001 and <= 1000);

    private readonly Option<IReadOnlyList<AgentTier>?> _tiers = new("--tiers")
    {
        Description = "With agents: tokens/s of a user at the 25th percentile, and time to the first token at the 95th (default: 20:10s,60:5s,180:3s)",
        HelpName = "SPEED:TIME,…",
        CustomParser = static argument =>
        {
            if (AgentTier.Parse(argument.Tokens[0].Value) is { } tiers)
            {
                return tiers;
            }

            argument.AddError($"--tiers takes SPEED:TIME with commas between, such as 20:10s,60:5s, not '{argument.Tokens[0].Value}'.");
            return null;
        },
    };

    private readonly Option<FileInfo[]> _overlay = new("--overlay")
    {
        Description = "Earlier sweeps (sweep --json), or computed frontiers (lab frontier --json), to draw beside",
        HelpName = "FILE",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _hopper = new("--hopper") { Description = "Draw the two published points of a megawatt of Hopper too: 180,000 tokens/s at the most, 225 for one user" };
    private readonly Option<DirectoryInfo?> _out = new("--out") { Description = "Write sweep.json, sweep.csv, sweep.html and frontier.png into this folder", HelpName = "FOLDER" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_over, _at, _most, _refine, _attain, _power, _clock, _tiers, _overlay, _hopper, _out])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_power)?.Tokens is [{ Value: var power }] && power is not ("factory" or "usage" or "host" or "none") && !(PowerQuantity.TryParse(power, out var quantity) && quantity.Watts is not null))
            {
                result.AddError($"--power takes watts, such as 43.5kW or 1MW, or factory, usage, host or none, not '{power}'.");
            }

            if (result.GetResult(_at) is not null && result.GetResult(_most) is not null)
            {
                result.AddError("--at and --most exclude each other: --at says all loads.");
            }

            if (result.GetResult(_tiers) is not null && result.GetValue(_over) != SweepAxis.Agents)
            {
                result.AddError("--tiers goes with --over agents.");
            }

            if (result.GetValue(_at) is { } loads && result.GetValue(_over) is not (SweepAxis.Rate or SweepAxis.Speed) && loads.Any(static load => load != Math.Floor(load) || load > 16_000))
            {
                result.AddError("--at takes whole numbers up to 16,000, but over rate and speed.");
            }
        });
    }

    public SweepAxis Over(ParseResult parsed) => parsed.GetValue(_over);

    public double[]? At(ParseResult parsed) => parsed.GetValue(_at);

    public double Most(ParseResult parsed) => parsed.GetValue(_most) ?? DefaultMost;

    public int Refinements(ParseResult parsed) => parsed.GetValue(_refine) ?? 0;

    public double Attain(ParseResult parsed) => parsed.GetValue(_attain) ?? 0.95;

    public double Clock(ParseResult parsed) => parsed.GetValue(_clock) ?? 1;

    public IReadOnlyList<AgentTier> Tiers(ParseResult parsed) => Over(parsed) == SweepAxis.Agents ? parsed.GetValue(_tiers) ?? AgentTier.Published : [];

    public FileInfo[] Overlays(ParseResult parsed) => parsed.GetValue(_overlay) ?? [];

    public bool Hopper(ParseResult parsed) => parsed.GetValue(_hopper);

    public DirectoryInfo? Out(ParseResult parsed) => parsed.GetValue(_out);

    /// <summary>Power of a run, W, and who says it; null where nobody does.</summary>
    public (double Watts, string By)? Power(ParseResult parsed, LoadReport report) => parsed.GetValue(_power) switch
    {
        null => Factory(report) ?? Usage(report, Clock(parsed)),
        "none" => null,
        "factory" => Factory(report),
        "usage" => Usage(report, Clock(parsed)),
        "host" => report.HostJoules is { } joules ? (joules / report.HostSeconds, "this host's meters, all that ran on it counted") : null,
        var given => PowerQuantity.TryParse(given, out var quantity) && quantity.Watts is { } watts ? (watts, $"{given}, as given") : null,
    };

    private static (double, string)? Factory(LoadReport report) => report.Factory is { Watts: > 0 } factory
        ? (factory.Watts, $"drawn by the devices, as the factory tells{(factory.Simulated ? " (simulated)" : factory.Modelled ? " (modelled)" : "")}; servers and the building not counted")
        : null;

    private static (double, string)? Usage(LoadReport report, double clock) => report.Measures is { WithJoules: > 0, JoulesTokens: > 0 } measures
        ? (measures.Joules / measures.JoulesTokens * SweepPoint.Rate(report) / clock, "joules that the answers were charged with; what passes idle is not counted")
        : null;
}
