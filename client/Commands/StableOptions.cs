using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Prompts;

namespace Crescent.Client.Commands;

/// <summary>The options of <c>load</c> and <c>sweep</c> that end a run when its figures hold.</summary>
internal sealed class StableOptions
{
    /// <summary>Where neither <c>--requests</c> nor <c>--seconds</c> bounds such a run, this does, s.</summary>
    public const double MostSeconds = 600;

    private const double DefaultWithin = 0.05;
    private const string DefaultFigures = "tokens_per_s,latency.p50,latency.p95";
    private const string DefaultWithoutTokens = "requests_per_s,latency.p50,latency.p95";

    private readonly Option<double?> _confidence = Share(
        "--stable", "End when the figures of --stable-of hold at this confidence, by --requests or --seconds (default: 10min) at the latest; see --stable-within", "CONFIDENCE", 0.5, 0.999);

    private readonly Option<double?> _within = Share("--stable-within", "They hold when the interval of each goes no farther to either side than this share of it, and no trend does (default: 5%)", "SHARE", 0.001, 0.5);

    private readonly Option<StableFigure[]?> _figures = new("--stable-of")
    {
        Description = $"Figures that are to hold, with commas between: {StableFigure.Form} (default: {DefaultFigures}; requests_per_s for embeddings)",
        HelpName = "FIGURE,…",
        CustomParser = static argument =>
        {
            var figures = Parse(argument.Tokens[0].Value);
            if (figures is null)
            {
                argument.AddError($"--stable-of takes {StableFigure.Form}, with commas between, not '{argument.Tokens[0].Value}'.");
            }

            return figures;
        },
    };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_confidence, _within, _figures])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_confidence) is null && ((Option[])[_within, _figures]).FirstOrDefault(option => result.GetResult(option) is not null) is { } part)
            {
                result.AddError($"{part.Name} goes with {_confidence.Name}.");
            }
        });
    }

    /// <summary>Checks that answers have the figures that are named.</summary>
    /// <exception cref="FactoryException">They have not.</exception>
    public void Check(ParseResult parsed, LoadEndpoint endpoint, bool streams)
    {
        foreach (var figure in parsed.GetValue(_figures) ?? [])
        {
            if (endpoint == LoadEndpoint.Embeddings && (figure.CountsTokens || figure.NeedsStream))
            {
                throw new FactoryException($"--stable-of {figure.Name} is of tokens of answers, and embeddings have none", "Name requests_per_s, or statistics of latency.");
            }

            if (!streams && figure.NeedsStream)
            {
                throw new FactoryException($"--stable-of {figure.Name} is of answers that come as events, and --no-stream asks for whole ones", "Leave --no-stream out, or name tokens_per_s, requests_per_s, or statistics of latency.");
            }
        }
    }

    /// <summary>Whether a run is to end by them.</summary>
    public bool Has(ParseResult parsed) => parsed.GetValue(_confidence) is not null;

    /// <summary>When it is; null for never.</summary>
    public StableGoal? Goal(ParseResult parsed, bool hasTokens) => parsed.GetValue(_confidence) is { } confidence
        ? new StableGoal(parsed.GetValue(_figures) is { Length: > 0 } named ? named : Parse(hasTokens ? DefaultFigures : DefaultWithoutTokens)!, confidence, parsed.GetValue(_within) ?? DefaultWithin)
        : null;

    private static StableFigure[]? Parse(string text)
    {
        var figures = text.Split(',', StringSplitOptions.TrimEntries).Select(StableFigure.Parse).ToArray();
        return figures.Any(static figure => figure is null) ? null : [.. figures.OfType<StableFigure>().DistinctBy(static figure => figure.Name)];
    }

    private static Option<double?> Share(string name, string description, string helpName, double least, double most) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = argument =>
        {
            var text = argument.Tokens.Count > 0 ? argument.Tokens[0].Value : "";
            var share = text.EndsWith('%') ? Distribution.Number(text[..^1]) / 100 : Distribution.Number(text);
            if (share >= least && share <= most)
            {
                return share;
            }

            argument.AddError(FormattableString.Invariant($"{name} takes a share from {least} to {most}, such as {(least < 0.1 ? "5%" : "95%")}, not '{text}'."));
            return null;
        },
    };
}
