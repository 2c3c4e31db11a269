using System.Globalization;
using System.Text.Json.Nodes;
using Crescent.Client.Agents;
using Crescent.Client.Connections;

namespace Crescent.Client.Evaluation;

/// <summary>Has tasks solve problems, some at a time. What has ended stays when the run is interrupted or fails; what has not is cancelled.</summary>
/// <param name="agents">The way to the tasks.</param>
/// <param name="plan">What is run.</param>
/// <param name="patience">Longest time for which no connection can be had.</param>
internal sealed class EvalRun(IAgentConnection agents, EvalPlan plan, TimeSpan patience)
{
    private const int Tries = 3;

    // Submitted again after a connection broke off, a problem is the same task.
    private readonly string _name = Guid.NewGuid().ToString("n");
    private readonly Lock _gate = new();
    private readonly List<EvalOutcome> _outcomes = [];

    /// <summary>What came of the problems so far, in the order in which they ended.</summary>
    public IReadOnlyList<EvalOutcome> Outcomes
    {
        get
        {
            lock (_gate)
            {
                return [.. _outcomes];
            }
        }
    }

    /// <summary>What each setting came to so far, but for those of which nothing has ended.</summary>
    public IReadOnlyList<EvalSummary> Summaries =>
    [
        .. Outcomes.GroupBy(static outcome => outcome.Setting).Select(static group => EvalSummary.Of(group.Key, [.. group])),
    ];

    /// <summary>Runs all problems of <paramref name="setting"/>.</summary>
    /// <param name="setting">How they are solved.</param>
    /// <param name="ended">Told each outcome, one at a time.</param>
    /// <param name="interrupted">Ends the run.</param>
    public Task Run(EvalSetting setting, Action<EvalOutcome> ended, CancellationToken interrupted) => Parallel.ForEachAsync(
        plan.Problems.Index(),
        new ParallelOptions { MaxDegreeOfParallelism = plan.Parallel, CancellationToken = interrupted },
        async (problem, stop) =>
        {
            var outcome = await Solve(setting, problem.Item, plan.Seed + problem.Index, stop);
            lock (_gate)
            {
                _outcomes.Add(outcome);
                ended(outcome);
            }
        });

    private async Task<EvalOutcome> Solve(EvalSetting setting, EvalProblem problem, long seed, CancellationToken stop)
    {
        var task = await Submit(new AgentSubmission(Body(setting, problem, seed), $"{_name} {setting} {seed.ToString(CultureInfo.InvariantCulture)}"), stop);
        try
        {
            await foreach (var _ in new AgentFollower(agents, patience).Follow(task, stop))
            {
                // Only its end matters.
            }

            return EvalOutcome.Of(setting, problem, await agents.Show(task, stop));
        }
        catch
        {
            await Leave(task);
            throw;
        }
    }

    private async Task<string> Submit(AgentSubmission submission, CancellationToken stop)
    {
        for (var left = Tries; ; left--)
        {
            try
            {
                return (await agents.Submit(submission, stop)).Id;
            }
            catch (FactoryException e) when (e.ConnectionLost && left > 1)
            {
                // Nobody knows whether it was taken.
            }
        }
    }

    // Nobody would read its answer.
    private async Task Leave(string task)
    {
        using var farewell = new CancellationTokenSource(Deadlines.Farewell);
        try
        {
            await agents.Cancel(task, farewell.Token);
        }
        catch (Exception e) when (e is FactoryException or OperationCanceledException)
        {
            // It ends by itself.
        }
    }

    private JsonObject Body(EvalSetting setting, EvalProblem problem, long seed)
    {
        var settings = (JsonObject)plan.Settings.DeepClone();
        if (setting.Samples is { } samples)
        {
            settings["samples"] = samples;
        }

        if (setting.Confidence is { } confidence)
        {
            settings["confidence"] = confidence;
        }

        var body = new JsonObject
        {
            ["problem"] = problem.Problem,
            ["strategy"] = setting.Strategy,
            ["seed"] = seed,
            ["priority"] = plan.Priority,
            ["settings"] = settings,
        };
        if (plan.Model is { } model)
        {
            body["model"] = model;
        }

        return body;
    }
}
