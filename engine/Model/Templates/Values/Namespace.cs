namespace Crescent.Engine.Model.Templates.Values;

/// <summary>What <c>namespace()</c> gives: attributes that <c>{% set ns.x = … %}</c> changes from any scope.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}
