using System.Globalization;
using Crescent.Grains.Contracts.Planning;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crescent.Client.Rendering;

/// <summary>What a planner says, as text.</summary>
internal static class PlannerLines
{
    private const int MostEvents = 10;

    /// <summary>All of it: replicas and why, load and power, the newest events.</summary>
    public static IRenderable Of(PlannerSnapshot plan)
    {
        if (plan.Mode == "off")
        {
            return new Text("the planner is off; --planner dry-run on the front ends lets it tell what it would do");
        }

        if (plan.Planner.Length == 0)
        {
            return new Text("the planner has not looked yet");
        }

        var lines = new List<IRenderable> { new Text(Summary(plan)), new Text(plan.Why), new Text(Load(plan)) };
        if (plan.Fault.Length > 0)
        {
            lines.Insert(0, new Text(plan.Fault, new Style(Color.Red)));
        }

        if (plan.Leaving.Length > 0)
        {
            lines.Add(new Text($"{plan.Leaving} is emptied before it goes", new Style(Color.Yellow)));
        }

        lines.AddRange(plan.Events.TakeLast(MostEvents).Select(static e => new Text(string.Create(CultureInfo.InvariantCulture, $"{e.At:HH:mm:ss} {e.What}"))));
        return new Rows(lines);
    }

    private static string Summary(PlannerSnapshot plan)
    {
        var wish = plan.Planned == plan.Replicas ? "" : plan.Mode == "apply" ? $" · to be {plan.Planned}" : $" · would ask for {plan.Planned}";
        return $"{plan.Of}: {plan.Replicas} replicas, {plan.Ready} serve{wish} · {plan.Mode}, planner in {plan.Planner}";
    }

    private static string Load(PlannerSnapshot plan)
    {
        var budget = plan.BudgetWatts is { } watts ? $" of {Figures.Power(watts)}" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"expected load: {plan.Sequences:0.#} calls, {plan.ContextTokens:0} tokens of context, {plan.PromptSeconds:0.00} s of prompts a second · {100 * plan.Utilisation:0} % of what the promise allows · "
            + $"{Figures.Power(plan.Watts)}{budget}{(plan.Simulated ? " (simulated)" : "")}");
    }
}
