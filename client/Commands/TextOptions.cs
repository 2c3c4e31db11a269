using System.CommandLine;
using Microsoft.Extensions.AI;

namespace Crescent.Client.Commands;

/// <summary>The options of every command that has text generated.</summary>
internal sealed class TextOptions
{
    private const float DefaultTemperature = 0;
    private const float DefaultTopP = 1;

    private readonly Option<int?> _maxTokens = NumberOption.Create<int>(
        "--max-tokens", "Most tokens of an answer (default: what the context leaves)", "N", "a whole number of at least 1", v => v >= 1);

    private readonly Option<float?> _temperature = NumberOption.Create<float>(
        "--temperature", "0 takes the likeliest token each time; more is more varied, up to 2", "T", "a number from 0 to 2", v => v is >= 0 and <= 2);

    private readonly Option<float?> _topP = NumberOption.Create<float>(
        "--top-p", "Sample among the likeliest tokens that make up this share, above 0 and up to 1", "P", "a number above 0 and at most 1", v => v is > 0 and <= 1);

    private readonly Option<long?> _seed = NumberOption.Create<long>(
        "--seed", "Makes sampling repeatable (default: a fresh seed each time)", "N", "a whole number", _ => true);

    private readonly Option<string?> _model = new("--model")
    {
        HelpName = "NAME",
        Description = "A model of the factory (default: its first)",
    };

    private readonly Option<string?> _system = new("--system")
    {
        HelpName = "TEXT",
        Description = "A system message before the conversation (default: none)",
    };

    public TextOptions()
    {
        _temperature.DefaultValueFactory = _ => DefaultTemperature;
        _topP.DefaultValueFactory = _ => DefaultTopP;
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_model);
        command.Options.Add(_maxTokens);
        command.Options.Add(_temperature);
        command.Options.Add(_topP);
        command.Options.Add(_seed);
        command.Options.Add(_system);
    }

    /// <summary>The system message, or null.</summary>
    public string? System(ParseResult parsed) => parsed.GetValue(_system);

    /// <summary>What they ask of an answer.</summary>
    public ChatOptions Options(ParseResult parsed) => new()
    {
        ModelId = parsed.GetValue(_model),
        MaxOutputTokens = parsed.GetValue(_maxTokens),
        Temperature = parsed.GetValue(_temperature) ?? DefaultTemperature,
        TopP = parsed.GetValue(_topP) ?? DefaultTopP,
        Seed = parsed.GetValue(_seed),
    };
}
