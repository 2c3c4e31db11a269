using Crescent.Engine.Model.Templates.Expressions;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary>Name, parameters and body of a macro.</summary>
internal sealed record MacroDefinition(string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, Block Body);
