namespace Crescent.Engine.Scheduling;

/// <summary>
/// What one step may compute: tokens, and seconds, so that each sequence that decodes has its next token within the time between tokens that its
/// class is promised, and so that nobody who comes waits long for a step to end. Filled anew for each step, decodes first.
/// </summary>
/// <remarks>
/// Seconds are foreseen from the device's costs and from how wrong the newest forecasts were, of decodes and of prompts, which takes in lowered clocks,
/// neighbours and long contexts. A tenth of the promise is kept for what is still wrong with them, since short answers may have all their steps beside prompts.
/// Where the decodes alone take up the promise, prompts still get half as long as those: a third of the step; and eight times as long as those, up to half a second,
/// while sequences that have begun elsewhere want to go on, whose readers are without tokens altogether. Where nobody decodes, a step may take
/// half a second, and longer where much of that would be the weights' way through memory or nobody is promised anything. The first prompt of a step gets
/// <see cref="FirstChunk"/> tokens whatever they cost.
/// Where a step with prompts takes much of the promise however short they are (kernels that no recorded graph launches), chunks that keep the promise would be crumbs at the price of
/// whole steps. Prompts then get as long as what they cost beside their tokens, and none until decodes alone have brought the mean back to the promise, or have run long enough where
/// they leave little of it.
/// </remarks>
/// <param name="tokens">Most tokens of a step.</param>
/// <param name="options">Promises.</param>
/// <param name="costs">What the device costs by itself; null to learn it.</param>
/// <param name="learned">Learns it; null where the device tells.</param>
internal sealed class StepBudget(int tokens, EngineOptions options, StepCosts? costs, StepCostEstimator? learned)
{
    /// <summary>Tokens of a prompt that are worth a slice of a step, beside others.</summary>
    public const int LeastChunk = 16;

    /// <summary>Tokens that a step computes of its first prompt at the least, so that each step goes on.</summary>
    public const int FirstChunk = 4;

    /// <summary>A step of prompts alone, s.</summary>
    private const double LongestStep = 0.5;

    /// <summary>Time of prompts alone beside that of an empty step at the least: what the pass over the weights costs is then a small part.</summary>
    private const double LeastAlone = 10;

    /// <summary>Time of prompts beside decodes that take up the promise by themselves, as a share of theirs.</summary>
    private const double LeastPromptTime = 0.5;

    /// <summary>The same while resumed sequences want to go on.</summary>
    private const double ResumedPromptTime = 8;

    /// <summary>Part of what prompts would get that a step with prompts may cost beside their tokens before prompts are gathered into fewer steps.</summary>
    private const double MostFixed = 0.5;

    /// <summary>Part of the promise that a step of decodes pays of what gathered prompts took, whatever it took itself.</summary>
    private const double LeastPaid = 0.1;

    /// <summary>Part of the promise that a step is planned to take.</summary>
    private const double Used = 0.9;

    /// <summary>Weight of the newest step in how wrong forecasts are.</summary>
    private const double Smoothing = 0.1;
    private const double MostStretch = 20;

    private StepCosts _costs;
    private int _decodes;
    private long _context;
    private int _guesses;
    private double _promise;
    private double _seconds;
    private double _allSeconds;
    private double _promptSeconds;
    private int _allTokens;
    private bool _began;
    private bool _gathers;
    private double _decodeStretch = 1;
    private double _promptStretch = 1;
    private readonly PromptStepCost _promptStep = new();
    private double _debt;

    /// <summary>Most tokens of a step.</summary>
    public int MaxTokens => tokens;

    /// <summary>Tokens that are left.</summary>
    public int Tokens { get; private set; }

    /// <summary>Whether prompts get nothing in this step, for what those before have taken.</summary>
    public bool Pauses => _gathers && _allSeconds == 0;

    /// <summary>A new step.</summary>
    public void Open()
    {
        Tokens = tokens;
        _decodes = _guesses = 0;
        _context = 0;
        _promise = double.PositiveInfinity;
        _promptSeconds = 0;
        _began = _gathers = false;
    }

    /// <summary>A sequence of <paramref name="priority"/> takes its next token, at position <paramref name="position"/>, with guesses after it.</summary>
    public void Decode(RequestPriority priority, int position, int guesses)
    {
        Tokens -= 1 + guesses;
        _decodes++;
        _guesses += guesses;
        _context += position;
        _promise = Math.Min(_promise, options.ItlOf(priority));
    }

    /// <summary>All that decodes is in; what is left is for prompts.</summary>
    /// <param name="resume">Whether some of them have begun elsewhere.</param>
    public void OpenPrompts(bool resume = false)
    {
        _costs = costs ?? learned!.Costs;
        _allTokens = Tokens;
        var decode = DecodeSeconds() * _decodeStretch;
        var left = (Used * _promise) - decode;
        var beside = Math.Max(left, resume ? Math.Min(ResumedPromptTime * decode, LongestStep) : LeastPromptTime * decode);
        _gathers = _decodes > 0 && !resume && left > LeastPromptTime * decode && _promptStep.Fixed > MostFixed * left;
        _debt = _gathers ? _debt : 0;
        _allSeconds = _gathers
            ? _debt > 0 ? 0 : Math.Min(_promptStep.Most, Math.Min(LongestStep, Math.Max(left - _promptStep.Fixed, _promptStep.Fixed)) / _promptStep.Slope)
            : (_decodes > 0 ? beside : double.IsPositiveInfinity(options.ItlSeconds) ? options.ItlSeconds : Math.Max(LongestStep - decode, LeastAlone * decode)) / _promptStretch;
        _seconds = _allSeconds;
    }

    /// <summary>A prompt of <paramref name="priority"/> ends in this step and waits for its first token: what is less urgent makes it no longer than is promised.</summary>
    public void Hurry(RequestPriority priority)
    {
        if (_gathers)
        {
            return;
        }

        var left = (Used * options.ItlOf(priority)) - (DecodeSeconds() * _decodeStretch);
        _seconds = Math.Min(_seconds, (left / _promptStretch) - _promptSeconds);
    }

    /// <summary>Tokens that a prompt which has got to <paramref name="position"/> may still have in this step.</summary>
    public int Room(int position)
    {
        if (Pauses)
        {
            return 0;
        }

        var room = Fit(Tokens, _seconds, position);
        return !_began ? Math.Max(room, Math.Min(Tokens, FirstChunk)) : room >= Math.Min(LeastChunk, Tokens) ? room : 0;
    }

    /// <summary>The part <paramref name="share"/> of what all prompts may have in this step, for one at <paramref name="position"/>.</summary>
    public int Share(double share, int position) => Math.Max(LeastChunk, (int)(share * Fit(_allTokens, _allSeconds, position)));

    /// <summary>A prompt takes <paramref name="count"/> tokens from <paramref name="position"/> on.</summary>
    public void Prompt(int count, int position)
    {
        _began = true;
        Tokens -= count;
        var seconds = _costs.PromptSeconds(count, position);
        _seconds -= seconds;
        _promptSeconds += seconds;
    }

    /// <summary>What is foreseen of the planned step.</summary>
    public StepForecast Forecast
    {
        get
        {
            var decode = DecodeSeconds();
            return new StepForecast(decode, _promptSeconds, (decode * _decodeStretch) + (_promptSeconds * _promptStretch), _promise, _gathers);
        }
    }

    /// <summary>A step of which <paramref name="forecast"/> was foreseen has taken <paramref name="duration"/>.</summary>
    public void Took(in StepForecast forecast, TimeSpan duration)
    {
        Pay(forecast, duration.TotalSeconds);
        if (forecast.PromptSeconds == 0)
        {
            Learn(ref _decodeStretch, duration.TotalSeconds, forecast.DecodeSeconds);
        }
        else
        {
            var seconds = duration.TotalSeconds - (forecast.DecodeSeconds * _decodeStretch);
            Learn(ref _promptStretch, seconds, forecast.PromptSeconds);

            // A machine that stood still tells nothing of its steps.
            _promptStep.Took(forecast.PromptSeconds, Math.Min(seconds, (MostStretch * forecast.PromptSeconds) + LongestStep));
        }
    }

    /// <summary>What gathered prompts take beyond the promise is owed, up to the longest that they can be planned to take, and paid back by steps without any.</summary>
    private void Pay(in StepForecast forecast, double seconds)
    {
        if (forecast.Gathers)
        {
            var over = seconds - (Used * forecast.Promise);
            _debt = Math.Clamp(forecast.PromptSeconds > 0 ? _debt + over : _debt + Math.Min(over, -LeastPaid * forecast.Promise), 0, LongestStep);
        }
    }

    private static void Learn(ref double stretch, double seconds, double foreseen)
    {
        if (foreseen > 0)
        {
            stretch += Smoothing * (Math.Clamp(seconds / foreseen, 1 / MostStretch, MostStretch) - stretch);
        }
    }

    private double DecodeSeconds() => _costs.DecodeSeconds(_decodes, _context) + (_guesses * _costs.Prompt);

    private int Fit(int most, double seconds, int position) =>
        double.IsPositiveInfinity(seconds) ? most : (int)Math.Min(most, _costs.PromptTokens(seconds, position));
}
