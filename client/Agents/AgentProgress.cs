using Crescent.Client.Connections;

namespace Crescent.Client.Agents;

/// <summary>How a task stands, by what its watcher has heard.</summary>
/// <param name="task">Its id.</param>
internal sealed class AgentProgress(string task)
{
    private readonly Dictionary<string, AgentStep> _byId = new(StringComparer.Ordinal);
    private readonly List<AgentStep> _steps = [];

    /// <summary>The task.</summary>
    public string Task => task;

    /// <summary>Its steps, in the order in which they began.</summary>
    public IReadOnlyList<AgentStep> Steps => _steps;

    /// <summary>The plan; null while there is none.</summary>
    public string? Plan { get; private set; }

    /// <summary>How the vote stands; null while there is none.</summary>
    public string? Vote { get; private set; }

    /// <summary>What the budget did not allow; null for nothing.</summary>
    public string? Budget { get; private set; }

    /// <summary>Whether it was narrowed for want of power, in words; null while it was not.</summary>
    public string? Power { get; private set; }

    /// <summary>Takes what was heard next.</summary>
    public void Apply(AgentNews news)
    {
        switch (news.Kind)
        {
            case "planned":
                Plan = news.Text;
                break;
            case "vote":
                Vote = news.Text;
                break;
            case "power":
                Power = news.Text;
                break;
            case "budget":
                Budget = news.Text;
                break;
            default:
                if (news.Step is { } id)
                {
                    Apply(StepOf(id, news.Label), news);
                }

                break;
        }
    }

    private static void Apply(AgentStep step, AgentNews news)
    {
        switch (news.Kind)
        {
            case "step_started":
                step.State = AgentStep.Running;
                break;
            case "tool_call":
                step.State = AgentStep.Running;
                step.Text = news.Text ?? "";
                break;
            case "tokens":
                step.State = AgentStep.Running;
                step.Pieces++;
                step.Append(news.Text ?? "");
                break;
            case "waiting":
                step.State = $"waits: {news.Text}";
                break;
            case "approval":
                step.State = AgentStep.NeedsApproval;
                step.Text = news.Text ?? "";
                step.Hash = news.Hash;
                break;
            case "step_finished":
                step.State = news.Outcome ?? "done";
                step.Text = news.Text ?? "";
                step.OutputTokens = news.OutputTokens;
                step.Seconds = news.Seconds;
                step.Joules = news.Joules;
                step.Hash = null;
                break;
        }
    }

    private AgentStep StepOf(string id, string? label)
    {
        if (!_byId.TryGetValue(id, out var step))
        {
            step = new AgentStep(id);
            _byId.Add(id, step);
            _steps.Add(step);
        }

        step.Label = label ?? step.Label;
        return step;
    }
}
