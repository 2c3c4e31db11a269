namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>What a call passes.</summary>
internal sealed class Arguments(object?[] positional, IReadOnlyList<KeyValuePair<string, object?>> named)
{
    public static readonly Arguments None = new([], []);

    public object?[] Positional { get; } = positional;

    public IReadOnlyList<KeyValuePair<string, object?>> Named { get; } = named;

    public bool TryNamed(string name, out object? value)
    {
        foreach (var (key, given) in Named)
        {
            if (key == name)
            {
                value = given;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>Assigns the arguments to parameters.</summary>
    /// <param name="context">The rendering.</param>
    /// <param name="function">Name of what is called, for messages.</param>
    /// <param name="required">How many of the parameters must be given.</param>
    /// <param name="parameters">Their names, in order.</param>
    /// <exception cref="TemplateException">Too many, too few, unknown or doubled arguments.</exception>
    public BoundArguments Bind(RenderContext context, string function, int required, params ReadOnlySpan<string> parameters)
    {
        if (Positional.Length > parameters.Length)
        {
            throw context.Fail(function, $"takes at most {parameters.Length} arguments");
        }

        var values = new object?[parameters.Length];
        Array.Fill(values, BoundArguments.Missing);
        Positional.CopyTo(values, 0);
        foreach (var (name, value) in Named)
        {
            var index = parameters.IndexOf(name);
            if (index < 0 || values[index] != BoundArguments.Missing)
            {
                throw context.Fail(function, index < 0 ? $"has no parameter '{name}'" : $"got two values for '{name}'");
            }

            values[index] = value;
        }

        for (var i = 0; i < required; i++)
        {
            if (values[i] == BoundArguments.Missing)
            {
                throw context.Fail(function, $"needs the argument '{parameters[i]}'");
            }
        }

        return new BoundArguments(context, function, values);
    }
}
