using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Grains.Requests;

/// <summary>What an answer that may call tools has to look like.</summary>
/// <param name="style">How the model writes calls.</param>
/// <param name="must">Whether it has to call one.</param>
/// <param name="answer">What an answer that calls none has to look like, or null.</param>
/// <param name="parallel">Whether it may call several.</param>
internal sealed class ToolCallForm(ToolCallStyle style, bool must, AskedStructure? answer, bool parallel)
{
    /// <summary>The structure, null where none can be held, and what of the functions' schemas it does not enforce.</summary>
    /// <exception cref="RequestFaultException">What has to be enforced cannot be.</exception>
    public async Task<(OutputStructure? Structure, IReadOnlyList<string> Unenforced)> Constrain(List<ToolFunction> functions, GrammarCheck grammars)
    {
        if (ToolCallStyles.IsHeldWholeOnly(style) && !must && answer is null)
        {
            // Such a call has no opening by which it could be told from an answer that is JSON.
            return (null, [.. functions.Where(static function => function.Parameters is not null).Select(static function => function.Path)]);
        }

        if (answer is { Source.Kind: GrammarKind.Regex or GrammarKind.Choice })
        {
            throw new RequestFaultException(
                FaultKind.Unsupported, answer.Path, $"'{answer.Path}' and 'tools' that may be called or not cannot both be held with this model; set 'tool_choice' to none or required.");
        }

        var left = new List<string>();
        for (var isRetry = false; ; isRetry = true)
        {
            var structure = Structure(functions);
            try
            {
                var unenforced = await grammars.Compile(structure.Source);
                return (structure, [.. left, .. unenforced]);
            }
            catch (GrammarException e) when (functions.Find(function => function.Path == e.Place) is { } function)
            {
                throw new RequestFaultException(FaultKind.Value, function.Path, $"'{function.Path}': {e.Message[(e.Place.Length + 2)..]}");
            }
            catch (GrammarException e) when (!isRetry)
            {
                functions = await WithoutFaulty(functions, e.IsLimit, left, grammars);
            }
            catch (GrammarException e)
            {
                throw new RequestFaultException(FaultKind.Value, "tools", $"'tools', all together: {e.Message}");
            }
        }
    }

    /// <summary>
    /// The functions without the schemas that cannot be compiled alone, where those are not strict; where all together take too long, without any
    /// such schema.
    /// </summary>
    private static async Task<List<ToolFunction>> WithoutFaulty(List<ToolFunction> functions, bool areTooMany, List<string> left, GrammarCheck grammars)
    {
        var kept = new List<ToolFunction>();
        foreach (var function in functions)
        {
            if (function.IsStrict || function.Parameters is not { } parameters || (!areTooMany && await CanCompile(parameters.GetRawText())))
            {
                kept.Add(function);
                continue;
            }

            left.Add(function.Path);
            kept.Add(function with { Parameters = null });
        }

        return kept;

        async Task<bool> CanCompile(string schema)
        {
            try
            {
                await grammars.Compile(GrammarSource.JsonSchema(schema, isStrict: false));
                return true;
            }
            catch (GrammarException)
            {
                return false;
            }
        }
    }

    private OutputStructure Structure(List<ToolFunction> functions)
    {
        // Where the whole output is held, the opening is a part of it; otherwise it sets the grammar in.
        var isWhole = must || answer is not null || ToolCallStyles.IsHeldWholeOnly(style);
        var writing = ToolCallStyles.Writing(style);
        var source = GrammarSource.ToolCall(new ToolSource
        {
            Syntax = writing.Syntax,
            Key = writing.Key,
            Before = isWhole ? writing.Outer + writing.Opening + writing.Head : writing.Head,
            Between = writing.Between.Length > 0 ? writing.Between : null,
            After = isWhole ? writing.Tail + writing.OuterTail : writing.Tail,
            Quote = writing.Quote.Length > 0 ? writing.Quote : null,
            Tools = [.. functions.Select(static function => new ToolSource.Tool(function.Name, function.Path, function.Parameters?.GetRawText(), function.IsStrict))],
            Else = answer is null ? null : new ToolSource.Answer(
                answer.Path, answer.Source.Kind == GrammarKind.JsonObject ? null : answer.Source.Text, answer.Source.Kind == GrammarKind.JsonSchema),
        });
        return isWhole ? new OutputStructure(source) : new OutputStructure(source, writing.Opening, Once: !parallel);
    }
}
