using Crescent.Agents.Steps;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using CsCheck;

namespace Crescent.Tests.Agents.Tasks;

public sealed class AgentMachineTests
{
    private const string Sum = "Add up the crates in this part.\nDay 1: 12 crates\nDay 2: 5 crates\nDay 3: 7 crates";

    public static TheoryData<string> Strategies => [.. new StrategyCatalogue().Names];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Each_strategy_finds_the_answer(string strategy)
    {
        var spec = PlayedTask.Spec(strategy, new() { Samples = 16, PartLines = 1, Verify = true }, problem: strategy == "map-reduce" ? Sum : null);
        var played = new PlayedTask(spec).ToEnd();
        Assert.Equal(TaskState.Done, played.Machine.State);
        Assert.Equal("24", played.Machine.Answer?.Answer);
        Assert.Null(played.Machine.Cause);
        Assert.Equal(NoteKinds.Done, played.Notes[^1].Kind);
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void The_order_in_which_steps_end_changes_no_answer(string strategy) =>
        Gen.Select(Gen.Int[0, 100], Gen.Int).Sample((seed, chance) =>
        {
            var spec = PlayedTask.Spec(strategy, new() { Samples = 12, PartLines = 1 }, problem: strategy == "map-reduce" ? Sum : null);
            var one = new PlayedTask(spec, seed).ToEnd().Machine;
            var other = new PlayedTask(spec, seed, new Random(chance).Next).ToEnd().Machine;
            return one.Answer?.Answer == other.Answer?.Answer && one.State == other.State;
        }, iter: 40);

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Every_history_replays_to_the_same_state(string strategy) =>
        Gen.Select(Gen.Int[0, 100], Gen.Int, Gen.Int[0, 12], Gen.Bool).Sample((seed, chance, cancel, cancels) =>
        {
            var spec = PlayedTask.Spec(strategy, new() { Samples = 8, PartLines = 1 }, new TaskBudget { Tokens = 1200, Parallelism = 5 }, strategy == "map-reduce" ? Sum : null);
            var played = new PlayedTask(spec, seed, new Random(chance).Next).ToEnd(cancels ? cancel : null);
            for (var known = 0; known <= played.Log.Count; known++)
            {
                var machine = PlayedTask.Fresh(spec);
                var notes = new List<TaskNote>(machine.Begin().Notes);
                notes.AddRange(played.Log.Take(known).SelectMany(entry => machine.Apply(entry).Notes));
                Assert.Equal(played.Notes.Take(notes.Count), notes);
                if (known == played.Log.Count)
                {
                    Assert.Equal(played.Notes.Count, notes.Count);
                    Assert.Equal((played.Machine.State, played.Machine.Answer, played.Machine.Bill, played.Machine.Cause), (machine.State, machine.Answer, machine.Bill, machine.Cause));
                }
            }
        }, iter: 30);

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_budget_is_never_exceeded_and_nothing_hangs(string strategy) =>
        Gen.Select(Gen.Int[1, 3000], Gen.Int[1, 20], Gen.Int[0, 3], Gen.Int).Sample((tokens, parallel, tools, chance) =>
        {
            var spec = PlayedTask.Spec(
                strategy, new() { Samples = 16, PartLines = 1 }, new TaskBudget { Tokens = tokens, Parallelism = parallel, ToolCalls = tools }, strategy == "map-reduce" ? Sum : null);
            var played = new PlayedTask(spec, chance & 7, new Random(chance).Next).ToEnd();
            return played.MostTokens <= tokens && played.MostAtOnce <= parallel && played.Machine.Bill.ToolCalls <= tools
                && (played.Machine.State == TaskState.Done || played.Machine.Cause == "budget");
        }, iter: 60);

    [Fact]
    public void Over_budget_it_ends_with_the_best_answer_so_far()
    {
        var spec = PlayedTask.Spec("self-consistency", new() { Samples = 16, Confidence = 1, Window = 2, WindowStep = 2 }, new TaskBudget { Tokens = 400 });
        var played = new PlayedTask(spec).ToEnd();
        Assert.Equal((TaskState.Done, "budget"), (played.Machine.State, played.Machine.Cause));
        Assert.Equal("24", played.Machine.Answer?.Answer);
        Assert.Contains(played.Notes, static note => note.Kind == NoteKinds.Budget);
    }

    [Fact]
    public void A_budget_of_joules_lets_the_first_step_run_alone()
    {
        var spec = PlayedTask.Spec("self-consistency", new() { Samples = 8, Confidence = 1, Window = 8 }, new TaskBudget { Joules = 9 });
        var played = new PlayedTask(spec).ToEnd();
        Assert.True(played.Machine.Bill.Joules <= 9, $"{played.Machine.Bill.Joules}");
        Assert.Equal("budget", played.Machine.Cause);
        Assert.Equal("24", played.Machine.Answer?.Answer);
    }

    [Fact]
    public void Nothing_starts_after_a_cancel_and_the_partial_answer_is_kept()
    {
        var machine = PlayedTask.Fresh(PlayedTask.Spec("self-consistency"));
        var first = machine.Begin();
        Assert.Equal(4, first.Start.Count);
        machine.Apply(new TaskEntry { Kind = EntryKind.StepEnded, Step = "sample-0", Result = ScriptedModel.Answer(first.Start[0]) });
        var cancel = machine.Apply(new TaskEntry { Kind = EntryKind.Cancelled });
        Assert.Equal(["sample-1", "sample-2", "sample-3"], cancel.Cut);
        Assert.Empty(cancel.Start);
        Assert.False(machine.HasEnded);
        foreach (var step in cancel.Cut)
        {
            Assert.Empty(machine.Apply(new TaskEntry { Kind = EntryKind.StepEnded, Step = step, Result = new StepResult { Outcome = StepOutcome.Cut, OutputTokens = 3, PromptTokens = 30 } }).Start);
        }

        Assert.Equal((TaskState.Cancelled, "cancelled"), (machine.State, machine.Cause));
        Assert.NotNull(machine.Answer);
        Assert.Equal(4, machine.Bill.Calls);
    }

    [Fact]
    public void A_call_that_needs_approval_waits_and_runs_what_was_approved()
    {
        var spec = PlayedTask.Spec("react") with { Tools = [new TaskTool("calculator", "Computes.", "{}", NeedsApproval: true)] };
        var machine = PlayedTask.Fresh(spec);
        var think = machine.Begin().Start[0];
        var asked = machine.Apply(Ended(think));
        Assert.Empty(asked.Start);
        Assert.Equal(TaskState.WaitingForApproval, machine.State);
        var tool = Assert.Single(machine.Waiting);
        var note = Assert.Single(asked.Notes, static note => note.Kind == NoteKinds.Approval);
        Assert.Equal(machine.HashOf(tool), note.Hash);
        Assert.NotEqual(note.Hash, ToolApproval.Hash(machine.KeyOf(tool.Id), tool.Call with { Arguments = "{\"expression\":\"12+13\"}" }));
        Assert.Equal([tool], machine.Apply(new TaskEntry { Kind = EntryKind.Approved, Step = tool.Id }).Start);
        Assert.Equal(TaskState.Running, machine.State);
    }

    [Fact]
    public void A_rejected_call_is_told_to_the_model()
    {
        var spec = PlayedTask.Spec("react") with { Tools = [new TaskTool("calculator", "Computes.", "{}", NeedsApproval: true)] };
        var machine = PlayedTask.Fresh(spec);
        machine.Apply(Ended(machine.Begin().Start[0]));
        var next = machine.Apply(new TaskEntry { Kind = EntryKind.Rejected, Step = "tool-0-0", Reason = "too dear" });
        Assert.Equal("Error: A person rejected this call: too dear", ((InferenceStep)Assert.Single(next.Start)).Messages[^1].Content);
    }

    [Fact]
    public void A_tool_whose_result_is_unknown_waits_for_a_person_and_counts_once()
    {
        var spec = PlayedTask.Spec("react", budget: new TaskBudget { ToolCalls = 1 });
        var machine = PlayedTask.Fresh(spec);
        var tool = Assert.IsType<ToolStep>(Assert.Single(machine.Apply(Ended(machine.Begin().Start[0])).Start));
        machine.Apply(new TaskEntry { Kind = EntryKind.ToolIntended, Step = tool.Id });
        Assert.True(machine.IsIntended(tool.Id));
        Assert.Empty(machine.Apply(new TaskEntry { Kind = EntryKind.ResultUnknown, Step = tool.Id }).Start);
        Assert.Equal(TaskState.WaitingForApproval, machine.State);
        Assert.Equal([tool], machine.Apply(new TaskEntry { Kind = EntryKind.Approved, Step = tool.Id }).Start);
        machine.Apply(new TaskEntry { Kind = EntryKind.StepEnded, Step = tool.Id, Result = new StepResult { Text = "24" } });
        Assert.Equal(1, machine.Bill.ToolCalls);
    }

    [Fact]
    public void Attempts_that_came_to_nothing_are_counted_apart_and_take_nothing_of_the_budget()
    {
        var machine = PlayedTask.Fresh(PlayedTask.Spec("plan-execute", budget: new TaskBudget { Tokens = 100_000 }));
        var plan = Assert.Single(machine.Begin().Start);
        machine.Apply(new TaskEntry { Kind = EntryKind.Left, Step = plan.Id, Result = new StepResult { Outcome = StepOutcome.Cut, PromptTokens = 30, OutputTokens = 4 } });
        machine.Apply(new TaskEntry { Kind = EntryKind.BegunAgain, Step = plan.Id });
        machine.Apply(new TaskEntry { Kind = EntryKind.BegunAgain, Step = plan.Id });
        var lost = new LostAttempts { Attempts = 1, PromptTokens = 30, OutputTokens = 7, Joules = 2 };
        machine.Apply(new TaskEntry { Kind = EntryKind.StepEnded, Step = plan.Id, Result = ScriptedModel.Answer(plan) with { Lost = lost } });
        Assert.Equal(new LostAttempts { Attempts = 3, PromptTokens = 60, OutputTokens = 11, Joules = 2 }, machine.Bill.Lost);
        Assert.Equal((1, 30L), (machine.Bill.Calls, machine.Bill.PromptTokens));
        Assert.Equal(Grant.Granted, machine.Reserve(machine.Running.First().Id, 100_000 - machine.Bill.Tokens));

        // What is over is not begun again.
        Assert.False(machine.Heeds(new TaskEntry { Kind = EntryKind.BegunAgain, Step = plan.Id }));
    }

    [Fact]
    public void Who_approved_a_call_before_it_was_lost_has_not_approved_it_again()
    {
        var spec = PlayedTask.Spec("react") with { Tools = [new TaskTool("calculator", "Computes.", "{}", NeedsApproval: true)] };
        var machine = PlayedTask.Fresh(spec);
        machine.Apply(Ended(machine.Begin().Start[0]));
        var first = machine.HashOf(machine.Waiting.Single());
        machine.Apply(new TaskEntry { Kind = EntryKind.Approved, Step = "tool-0-0" });
        machine.Apply(new TaskEntry { Kind = EntryKind.ToolIntended, Step = "tool-0-0" });
        machine.Apply(new TaskEntry { Kind = EntryKind.ResultUnknown, Step = "tool-0-0" });
        Assert.NotEqual(first, machine.HashOf(machine.Waiting.Single()));
    }

    [Fact]
    public void A_tool_that_the_task_was_not_given_does_not_run()
    {
        var machine = PlayedTask.Fresh(PlayedTask.Spec("react") with { Tools = [new TaskTool("another", "Does.", "{}")] });
        var next = machine.Apply(Ended(machine.Begin().Start[0]));
        Assert.Equal("Error: There is no tool 'calculator'.", ((InferenceStep)Assert.Single(next.Start)).Messages[^1].Content);
        Assert.Equal(0, machine.Bill.ToolCalls);
    }

    [Fact]
    public void Calls_that_begin_in_the_move_that_ends_the_task_are_cut()
    {
        var machine = PlayedTask.Fresh(PlayedTask.Spec("react", budget: new TaskBudget { ToolCalls = 2 }));
        var think = machine.Begin().Start[0];
        var call = new AskedTool("c", "calculator", "{}");
        var move = machine.Apply(new TaskEntry { Kind = EntryKind.StepEnded, Step = think.Id, Result = new StepResult { Calls = [call, call, call] } });
        Assert.All(move.Start, step => Assert.True(machine.IsCut(step.Id)));
        Assert.Equal(move.Start.Select(static step => step.Id), move.Cut);
        Assert.Equal("budget", machine.Cause);
    }

    [Fact]
    public void A_strategy_that_throws_ends_its_task_and_nothing_else()
    {
        var strategies = new StrategyCatalogue();
        strategies.Add("broken", static _ => new Broken());
        var played = new PlayedTask(PlayedTask.Spec("broken"), strategies: strategies).ToEnd();
        Assert.Equal(TaskState.Failed, played.Machine.State);
        Assert.Contains("out of luck", played.Machine.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deadline_ends_it_with_what_there_is()
    {
        var machine = PlayedTask.Fresh(PlayedTask.Spec("best-of-n", new() { Samples = 2 }));
        var first = machine.Begin().Start;
        machine.Apply(Ended(first[0]));
        machine.Apply(new TaskEntry { Kind = EntryKind.Expired });
        machine.Apply(new TaskEntry { Kind = EntryKind.StepEnded, Step = first[1].Id, Result = new StepResult { Outcome = StepOutcome.Cut } });
        Assert.Equal((TaskState.Done, "deadline"), (machine.State, machine.Cause));
        Assert.NotNull(machine.Answer);
    }

    private static TaskEntry Ended(Step step) => new() { Kind = EntryKind.StepEnded, Step = step.Id, Result = ScriptedModel.Answer(step) };

    private sealed class Broken : IStrategy
    {
        public StrategyAnswer? Best => throw new InvalidOperationException("out of luck");

        public StrategyMove Begin() => StrategyMove.Start(new InferenceStep("a", "a", []) { MaxTokens = 1 }, new InferenceStep("b", "b", []) { MaxTokens = 1 });

        public StrategyMove On(string step, StepResult result) => throw new InvalidOperationException("out of luck");
    }
}
