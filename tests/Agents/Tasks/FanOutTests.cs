using Crescent.Agents.Steps;
using Crescent.Agents.Tasks;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Agents.Tasks;

public sealed class FanOutTests
{
    [Fact]
    public void It_is_down_to_one_step_when_devices_begin_to_hold_calls_and_narrower_before()
    {
        var fanOut = new FanOut();
        Assert.Equal(FanOut.Prices[^1], new EngineOptions().HoldPriceAbove);
        Assert.Equal([16, 16, 8, 4, 2, 1, 1], new[] { 0, 2.4, 2.5, 5, 7.5, 10, 50 }.Select(price => fanOut.Width(16, price)));
    }

    [Fact]
    public void It_widens_again_only_when_the_price_has_fallen_to_half_of_what_narrowed_it()
    {
        var fanOut = new FanOut();
        Assert.Equal([1, 1, 2, 2, 4, 8, 8, 16], new[] { 10, 5, 4.9, 3.8, 3.7, 2.4, 1.3, 1.2 }.Select(price => fanOut.Width(16, price)));
    }

    [Fact]
    public void There_is_always_one_step() => Assert.Equal([1, 1, 1], new[] { 2.5, 7.5, 20 }.Select(static price => new FanOut().Width(1, price)));

    [Theory]
    [InlineData("self-consistency")]
    [InlineData("best-of-n")]
    [InlineData("tree-of-thoughts")]
    public void A_task_that_is_narrowed_comes_to_the_same_answer_with_fewer_steps_at_once(string strategy)
    {
        var whole = new PlayedTask(PlayedTask.Spec(strategy)).ToEnd();
        var narrow = new PlayedTask(PlayedTask.Spec(strategy) with { StartWidth = 2 }).ToEnd();
        Assert.Equal((whole.Machine.Answer, 2), (narrow.Machine.Answer, narrow.MostAtOnce));
        Assert.True(whole.MostAtOnce > 2);
        Assert.Equal(("power", "Power is short: 2 of up to 16 steps at once."), (narrow.Notes[0].Kind, narrow.Notes[0].Text));
    }

    [Fact]
    public void What_is_under_way_goes_on_and_nothing_new_begins_until_there_is_room()
    {
        var machine = PlayedTask.Fresh(PlayedTask.Spec("best-of-n", new() { Samples = 12 }, new TaskBudget { Parallelism = 8 }));
        var running = machine.Begin().Start.ToList();
        Assert.Equal(8, running.Count);
        var move = machine.Apply(new TaskEntry { Kind = EntryKind.Width, Width = 2, Reason = "Its price is 7.0 points." });
        Assert.Empty(move.Start);
        Assert.Empty(move.Cut);
        Assert.Equal("Power is short: 2 of up to 8 steps at once. Its price is 7.0 points.", Assert.Single(move.Notes).Text);
        for (var i = 0; i < 6; i++)
        {
            Assert.Empty(machine.Apply(Ended(running[i])).Start);
        }

        Assert.Single(machine.Apply(Ended(running[6])).Start);
        Assert.Equal(2, machine.Running.Count());
        move = machine.Apply(new TaskEntry { Kind = EntryKind.Width, Width = 8 });
        Assert.Equal(3, move.Start.Count);
        Assert.Equal("Power is enough: up to 8 steps at once again.", move.Notes[0].Text);
    }

    private static TaskEntry Ended(Step step) => new() { Kind = EntryKind.StepEnded, Step = step.Id, Result = ScriptedModel.Answer(step) };
}
