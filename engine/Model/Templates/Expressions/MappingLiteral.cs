using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>A mapping.</summary>
internal sealed class MappingLiteral(int line, IReadOnlyList<(Expression Key, Expression Value)> entries) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var mapping = new Mapping();
        foreach (var (key, value) in entries)
        {
            var name = key.Evaluate(context, scope);
            context.Line = Line;
            if (!KeyComparer.Accepts(name))
            {
                throw context.Fail("mapping", $"{Members.TypeName(name)} cannot be a key");
            }

            mapping.Set(name!, value.Evaluate(context, scope));
        }

        return mapping;
    }
}
