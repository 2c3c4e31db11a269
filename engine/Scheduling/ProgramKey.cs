namespace Crescent.Engine.Scheduling;

/// <summary>Names a program among all: two tenants may give theirs the same name.</summary>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Program">Its name; a sub-agent's is its parent's.</param>
internal readonly record struct ProgramKey(string Tenant, string Program)
{
    /// <summary>That of a request; null where it names no program.</summary>
    public static ProgramKey? Of(InferenceRequest request) =>
        (request.ParentProgram ?? request.Program) is { } program ? new ProgramKey(request.Tenant, program) : null;
}
