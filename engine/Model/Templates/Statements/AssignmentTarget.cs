using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary>
/// Where a value goes: a name, an attribute of a namespace (<paramref name="attribute"/>), or, where <paramref name="parts"/> is
/// given, several targets that share out a sequence.
/// </summary>
internal sealed class AssignmentTarget(string name, string? attribute = null, IReadOnlyList<AssignmentTarget>? parts = null)
{
    public void Assign(RenderContext context, Scope scope, object? value)
    {
        if (parts is not null)
        {
            Unpack(context, scope, value);
        }
        else if (attribute is null)
        {
            scope.Set(name, value);
        }
        else if (scope.TryGet(name, out var space) && space is Namespace attributes)
        {
            attributes.Attributes[attribute] = value;
        }
        else
        {
            throw context.Fail("set", $"'{name}' is no namespace; only attributes of a namespace can be set");
        }
    }

    private void Unpack(RenderContext context, Scope scope, object? value)
    {
        var items = Members.Iterate(context, value);
        if (items.Length != parts!.Count)
        {
            throw context.Fail("assignment", $"{items.Length} values for {parts.Count} names");
        }

        for (var i = 0; i < items.Length; i++)
        {
            parts[i].Assign(context, scope, items[i]);
        }
    }
}
