using Crescent.Engine.Model.Thoughts;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;

namespace Crescent.Grains.Requests;

/// <summary>A request as it can be run: a call for each answer.</summary>
/// <param name="Id">Of the request.</param>
/// <param name="Model">The model.</param>
/// <param name="Prompts">The tokens of its prompts.</param>
/// <param name="Calls">Prompt by prompt, and the candidates of each one after the other.</param>
/// <param name="ToolStyle">How the model writes calls of tools; None where it has none.</param>
/// <param name="Unenforced">What the request asks of the form of the answer and is not enforced.</param>
/// <param name="Deadline">Of all calls together.</param>
public sealed record PreparedRequest(
    string Id,
    ServedModel Model,
    IReadOnlyList<int[]> Prompts,
    IReadOnlyList<InferenceRequest> Calls,
    ToolCallStyle ToolStyle,
    IReadOnlyList<string> Unenforced,
    RequestDeadline Deadline)
{
    /// <summary>What stands around what the model thinks; null where nothing is parted from what it says.</summary>
    public ThoughtMarks? Thoughts { get; init; }

    /// <summary>Whether its answer is messages in channels, whatever tools it has: <see cref="ToolCallStyle.Harmony"/>.</summary>
    public bool HasMessages { get; init; }

    /// <summary>Whether a parameter (function, name) of its tools is text; null where it has no tools.</summary>
    public Func<string, string, bool>? IsText { get; init; }

    /// <summary>Whether its answer begins within a thought, which its prompt has opened.</summary>
    public bool BeginsInThought { get; init; }
}
