namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>A built-in filter, method or global function.</summary>
/// <param name="context">The rendering.</param>
/// <param name="self">What the filter is applied to or the method is called on; null for global functions.</param>
/// <param name="arguments">What the call passes beside it.</param>
internal delegate object? TemplateFunction(RenderContext context, object? self, Arguments arguments);
