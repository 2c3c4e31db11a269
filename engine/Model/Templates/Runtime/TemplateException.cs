namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>
/// A chat template that cannot be read or rendered, or that refuses its input (<c>raise_exception</c>). The message names the
/// construct and its line.
/// </summary>
public sealed class TemplateException : Exception
{
    /// <summary>A fault of <paramref name="construct"/> in <paramref name="line"/>.</summary>
    public TemplateException(string construct, int line, string fault)
        : base(line > 0 ? $"Chat template, line {line}, {construct}: {fault}" : $"Chat template, {construct}: {fault}")
    {
        Construct = construct;
        Line = line;
        Fault = fault;
    }

    /// <summary>What could not be rendered, such as <c>filter 'wordwrap'</c>.</summary>
    public string Construct { get; }

    /// <summary>Line in the template, from 1; 0 where the fault lies in what is rendered, such as a message.</summary>
    public int Line { get; }

    /// <summary>What is wrong with it, without the place.</summary>
    public string Fault { get; }
}
