using Crescent.Agents.Steps;

namespace Crescent.Tests.Agents.Tasks;

/// <summary>Answers the steps of strategies as a model that knows one problem would: the same for the same step, wrong for some.</summary>
internal static class ScriptedModel
{
    public const string Problem = "Tom has 12 apples. He buys 3 bags with 4 apples each. How many apples does Tom have now?";

    public static StepResult Answer(Step step, int seed = 0)
    {
        if (step is ToolStep tool)
        {
            return new StepResult { Text = $"{{\"result\": 24, \"of\": {tool.Call.Arguments}}}" };
        }

        var asked = (InferenceStep)step;
        var said = asked.Messages.Count > 0 ? asked.Messages[^1] : StepMessage.User("");
        var chance = (uint)HashCode(step.Id, seed) % 10;
        var (text, calls) = said.Content switch
        {
            var plan when plan.StartsWith("Plan", StringComparison.Ordinal) => ("1. Count the apples in the 3 bags: 3 * 4\n2. Add them: 12 + #1", Array.Empty<AskedTool>()),
            var one when one.Contains("Do step 1", StringComparison.Ordinal) => ("3 * 4 = 12\nResult: 12", []),
            var two when two.Contains("Do step 2", StringComparison.Ordinal) => ("12 + 12 = 24\nResult: 24", []),
            var verify when verify.Contains("correct?", StringComparison.Ordinal) => ($"Verdict: {(verify.Contains("Answer: 24", StringComparison.Ordinal) ? "yes" : "no")}", []),
            var rate when rate.Contains("Rate", StringComparison.Ordinal) => ($"Score: {1 + ((HashCode(rate, seed) & 7) % 9)}", []),
            var next when next.Contains("Write the next step", StringComparison.Ordinal) => (next.Contains("Step 1", StringComparison.Ordinal) ? $"Answer: {(chance < 8 ? 24 : 25)}" : $"Step 1: 3 * 4 = {12 + (chance % 2)}", []),
            var sums when sums.StartsWith("Add up", StringComparison.Ordinal) => ($"Sum: {sums.Split(' ', '\n', ',', '.').Sum(static word => int.TryParse(word, out var n) ? n : 0)}", []),
            _ when asked.UsesTools && said.Role != "tool" => ("", [new AskedTool("c1", "calculator", "{\"expression\":\"12+12\"}")]),
            _ => ($"Step 1: 3 * 4 = 12\nAnswer: {(chance < 7 || !step.Id.StartsWith("sample", StringComparison.Ordinal) ? 24 : 25 + (chance % 2))}", []),
        };
        return new StepResult
        {
            Text = text,
            Calls = calls,
            MeanLogprob = -(chance + 1) / 40.0,
            PromptTokens = 30,
            OutputTokens = 10 + (int)chance,
            Joules = 2,
            Seconds = 0.1,
        };
    }

    private static int HashCode(string text, int seed) => text.Aggregate(seed + 17, static (hash, letter) => unchecked((hash * 31) + letter)) & int.MaxValue;
}
