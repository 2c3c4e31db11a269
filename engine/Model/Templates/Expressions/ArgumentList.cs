using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>The arguments as a call writes them.</summary>
internal sealed class ArgumentList(IReadOnlyList<Expression> positional, IReadOnlyList<(string Name, Expression Value)> named)
{
    public static readonly ArgumentList Empty = new([], []);

    public Arguments Evaluate(RenderContext context, Scope scope) => positional.Count + named.Count == 0
        ? Arguments.None
        : new Arguments(
            [.. positional.Select(argument => argument.Evaluate(context, scope))],
            [.. named.Select(argument => KeyValuePair.Create(argument.Name, argument.Value.Evaluate(context, scope)))]);
}
