namespace Crescent.Agents.Tasks;

/// <summary>A tool as a task knows it, from its submission to its end.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Parameters">The JSON schema of its arguments.</param>
/// <param name="IsIdempotent">Whether a call may be made again under its idempotency key when nobody knows what became of it.</param>
/// <param name="NeedsApproval">Whether a person has to approve each call.</param>
public sealed record TaskTool(string Name, string Description, string Parameters, bool IsIdempotent = false, bool NeedsApproval = false);
