using System.Runtime.CompilerServices;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>One rendering: its output, its place in the template, and what it has used of its limits. Not shared between threads.</summary>
internal sealed class RenderContext
{
    private long _steps;
    private long _characters;
    private int _depth;

    /// <param name="time">The template's clock.</param>
    /// <param name="mostOutput">Code points that the output itself may have.</param>
    public RenderContext(TimeProvider time, long mostOutput = long.MaxValue)
    {
        Time = time;
        Output = new TextBuilder(this, mostOutput);
    }

    public TimeProvider Time { get; }

    /// <summary>Where statements write; a macro, a call block or a set block writes to its own.</summary>
    public TextBuilder Output { get; private set; }

    /// <summary>Line of the construct being evaluated.</summary>
    public int Line { get; set; }

    /// <summary>A fault at <see cref="Line"/>.</summary>
    public TemplateException Fail(string construct, string fault) => new(construct, Line, fault);

    /// <summary>Counts work that is not proportional to text.</summary>
    public void Step(long count = 1)
    {
        _steps += count;
        if (_steps > TemplateLimits.Steps)
        {
            throw Fail("rendering", $"takes more than {TemplateLimits.Steps:N0} steps");
        }
    }

    /// <summary>Counts work that is proportional to text.</summary>
    public void Charge(long characters)
    {
        _characters += characters;
        if (_characters > TemplateLimits.Characters)
        {
            throw Fail("rendering", $"writes more than {TemplateLimits.Characters:N0} characters on the way");
        }
    }

    /// <summary>Refuses a text that would be longer than <see cref="TemplateLimits.TextLength"/>.</summary>
    public void CheckLength(long length, long count)
    {
        if (length > 0 && count > TemplateLimits.TextLength / length)
        {
            throw Fail("text", $"longer than {TemplateLimits.TextLength:N0} characters");
        }
    }

    /// <summary>Enters a node; every call is paired with <see cref="Leave"/> unless an exception ends the rendering.</summary>
    public void Enter(int line)
    {
        Step();
        if (line > 0)
        {
            Line = line;
        }

        if (++_depth > TemplateLimits.EvaluationDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Fail("recursion", "constructs, calls or values lie too deeply inside each other");
        }
    }

    public void Leave() => _depth--;

    /// <summary>What <paramref name="write"/> writes to <see cref="Output"/>.</summary>
    public TemplateText Capture(Action write)
    {
        var outer = Output;
        Output = new TextBuilder(this);
        write();
        var text = Output.ToText();
        Output = outer;
        return text;
    }
}
