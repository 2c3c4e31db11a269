using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class PromptStepCostTests
{
    [Fact]
    public void What_a_step_costs_by_itself_is_told_from_what_its_prompts_cost()
    {
        var cost = new PromptStepCost();
        for (var i = 0; i < 200; i++)
        {
            var foreseen = 0.01 * (1 + (i % 5));
            cost.Took(foreseen, 0.03 + (0.5 * foreseen));
        }

        Assert.Equal(0.03, cost.Fixed, 1e-6);
        Assert.Equal(0.5, cost.Slope, 1e-6);
    }

    [Fact]
    public void Steps_that_are_all_alike_tell_nothing()
    {
        var cost = new PromptStepCost();
        for (var i = 0; i < 50; i++)
        {
            cost.Took(0.02, 0.05);
        }

        Assert.Equal((0, 1), (cost.Fixed, cost.Slope));
        Assert.Equal(4 * 0.02, cost.Most, 1e-9);
    }

    [Fact]
    public void Nothing_is_cheaper_than_nothing()
    {
        var cost = new PromptStepCost();
        for (var i = 0; i < 50; i++)
        {
            cost.Took(0.01 * (1 + (i % 3)), 0.001);
        }

        Assert.True(cost.Fixed >= 0 && cost.Slope > 0);
    }
}
