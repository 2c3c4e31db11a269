using Crescent.Agents.Strategies;
using Crescent.Tests.Agents.Tasks;

namespace Crescent.Tests.Agents.Strategies;

public sealed class StrategyTemplateTests
{
    private const string Reviewed = """
        {
          "name": "reviewed",
          "steps": [
            // A vote, then a review of what won.
            { "id": "draft", "prompt": "{{ problem }} Think step by step.", "samples": 4 },
            { "id": "review", "prompt": "Problem: {{ problem }}\nSolution:\nAnswer: {{ draft }}\nIs this solution correct?", "repeat": 3, "until": "Verdict: yes" },
            { "id": "final", "prompt": "{{ draft }} and {{ review }}" }
          ]
        }
        """;

    [Fact]
    public void Its_steps_are_played_in_order_with_votes_and_loops()
    {
        var strategies = new StrategyCatalogue();
        strategies.Add(StrategyTemplate.Parse(Reviewed));
        var played = new PlayedTask(PlayedTask.Spec("reviewed"), strategies: strategies).ToEnd();
        Assert.Equal(["draft-0-0", "draft-0-1", "draft-0-2", "draft-0-3", "review-0", "final-0"], played.Log.Select(static entry => entry.Step));
        Assert.Equal("24", played.Machine.Answer?.Answer);
    }

    [Theory]
    [InlineData("""{"name":"a","steps":[]}""", "'steps'")]
    [InlineData("""{"name":"a b","steps":[{"id":"x","prompt":"p"}]}""", "'name'")]
    [InlineData("""{"name":"a","steps":[{"id":"x","prompt":"{{ y }}"}]}""", "{{ y }}")]
    [InlineData("""{"name":"a","steps":[{"id":"x","prompt":"p","repaet":2}]}""", "repaet")]
    [InlineData("""{"name":"a","version":2,"steps":[{"id":"x","prompt":"p"}]}""", "'version' is 2")]
    [InlineData("""{"name":"a","steps":[{"id":"x","prompt":"p"},{"id":"x","prompt":"p"}]}""", "steps[1].id")]
    public void What_is_wrong_is_named(string json, string named) => Assert.Contains(named, Assert.Throws<FormatException>(() => StrategyTemplate.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_a_result_holds_is_not_filled_in_again()
    {
        Assert.Equal("say {{ b }} and 2", TemplateText.Fill("say {{ a }} and {{b}}", new Dictionary<string, string> { ["a"] = "{{ b }}", ["b"] = "2" }));
    }
}
