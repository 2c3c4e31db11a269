using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Agents.Strategies;

/// <summary>
/// A strategy as a file: prompts one after the other, in which <c>{{ problem }}</c> stands for the task and <c>{{ id }}</c> for what came of an earlier step. JSON, version 1.
/// </summary>
public sealed record StrategyTemplate
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>Version of the form: 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The strategy's name: letters, digits and hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>Its steps, 1 to 64, in order.</summary>
    public required IReadOnlyList<TemplateStep> Steps { get; init; }

    /// <summary>Reads a template.</summary>
    /// <exception cref="FormatException">It is none; the message says where.</exception>
    public static StrategyTemplate Parse(string json)
    {
        StrategyTemplate template;
        try
        {
            template = JsonSerializer.Deserialize<StrategyTemplate>(json, Json) ?? throw new FormatException("It is empty.");
        }
        catch (JsonException e)
        {
            throw new FormatException(e.Message, e);
        }

        template.Check();
        return template;
    }

    private void Check()
    {
        Require(Version == 1, $"'version' is {Version}; this program reads 1");
        Require(Name.Length is > 0 and <= 64 && Name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-'), "'name' takes 1 to 64 letters, digits and hyphens");
        Require(Steps.Count is > 0 and <= 64, "'steps' takes 1 to 64 steps");
        for (var i = 0; i < Steps.Count; i++)
        {
            var step = Steps[i];
            Require(step.Id.Length > 0 && step.Id != "problem" && step.Id.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_'), $"steps[{i}].id takes letters, digits and _, and not 'problem'");
            Require(!Steps.Take(i).Any(other => other.Id == step.Id), $"steps[{i}].id is '{step.Id}', which an earlier step has");
            Require(step.Samples is >= 1 and <= 128, $"steps[{i}].samples takes 1 to 128");
            Require(step.Repeat is >= 1 and <= 64, $"steps[{i}].repeat takes 1 to 64");
            Require(step.Repeat == 1 || step.Samples == 1, $"steps[{i}] has both samples and repeat; it can have one");
            Require(step.Temperature is null or (>= 0 and <= 2), $"steps[{i}].temperature takes 0 to 2");
            foreach (var name in TemplateText.Names(step.Prompt))
            {
                Require(
                    name == "problem" || Steps.Take(i).Any(earlier => earlier.Id == name) || (name == step.Id && step.Repeat > 1),
                    $"steps[{i}].prompt has {{{{ {name} }}}}, which is neither 'problem' nor an earlier step");
            }
        }
    }

    private static void Require(bool right, string fault)
    {
        if (!right)
        {
            throw new FormatException($"{fault}.");
        }
    }
}
