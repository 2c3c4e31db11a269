using Crescent.Agents.Steps;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Grains.Agents;

namespace Crescent.Tests.Grains.Agents;

public sealed class TaskLogTests
{
    /// <summary>As this version writes a task in parts. They stay as they are: tasks that were stored before an upgrade are read after it.</summary>
    private const string KeptHead = """
        {"version":2,"parts":["0-0123456789ab","1-0123456789ab"],"log":[{"at":"2026-11-26T18:00:04+00:00","kind":4,"step":"tool-0-0"},{"at":"2026-11-26T18:00:05+00:00","kind":3,"step":"tool-0-0","reason":"by hand"},{"at":"2026-11-26T18:00:06+00:00","kind":0,"step":"think-1","result":{"outcome":0,"text":"Answer: 24","calls":[],"mean_logprob":-0.5,"is_truncated":false,"prompt_tokens":60,"cached_tokens":32,"output_tokens":5,"seconds":0.25,"joules":1.5,"device":"device-1/cpu","lost":{"attempts":1,"prompt_tokens":60,"output_tokens":2,"joules":0.5},"is_done":true}}]}
        """;

    private const string KeptFirst = """
        {"version":1,"spec":{"version":1,"problem":"What is 12 times 2?","strategy":"react","settings":{"samples":8,"window":4,"window_step":2,"confidence":0.95,"max_tokens":64,"temperature":0.8,"verify":false,"beam":2,"branches":3,"depth":10,"part_lines":8,"reduce_width":8},"budget":{"parallelism":16,"tool_calls":64},"tools":[{"name":"calculator","description":"Computes.","parameters":"{}","is_idempotent":false,"needs_approval":false}],"seed":7,"tenant":"","priority":"standard","submitted":"2026-11-26T18:00:00+00:00"},"log":[{"at":"2026-11-26T18:00:01+00:00","kind":8,"step":"think-0","result":{"outcome":2,"text":"","calls":[],"mean_logprob":0,"is_truncated":false,"prompt_tokens":30,"cached_tokens":0,"output_tokens":4,"seconds":0,"joules":0,"device":"","is_done":false}},{"at":"2026-11-26T18:00:02+00:00","kind":7,"step":"think-0"}]}
        """;

    private const string KeptSecond = """
        {"version":2,"log":[{"at":"2026-11-26T18:00:03+00:00","kind":0,"step":"think-0","result":{"outcome":0,"text":"","calls":[{"id":"think-0-0","name":"calculator","arguments":"{}"}],"mean_logprob":-0.25,"is_truncated":false,"prompt_tokens":30,"cached_tokens":16,"output_tokens":12,"seconds":0.5,"joules":2.5,"device":"device-1/cpu","is_done":true}},{"at":"2026-11-26T18:00:03+00:00","kind":1,"step":"tool-0-0"}]}
        """;

    private static readonly TaskSpec Spec = new() { Problem = "p", Strategy = "direct", Submitted = DateTimeOffset.UnixEpoch };

    private readonly KeptStates _states = new();

    [Fact]
    public async Task A_task_in_parts_as_this_version_writes_it_is_read_and_played()
    {
        _states.Texts["agent-task:crescent.agent-task/kept"] = KeptHead;
        _states.Texts[$"{TaskLog.PartState}:{TaskLog.PartType}/kept/0-0123456789ab"] = KeptFirst;
        _states.Texts[$"{TaskLog.PartState}:{TaskLog.PartType}/kept/1-0123456789ab"] = KeptSecond;
        var (spec, log) = (await _states.Log("kept").Read())!.Value;
        var machine = new AgentMachine("kept", spec, new StrategyCatalogue().Create(spec.Strategy, new StrategyTask(spec.Problem, spec.System, spec.Settings)));
        machine.Begin();
        foreach (var entry in log)
        {
            Assert.True(machine.Heeds(entry));
            machine.Apply(entry);
        }

        Assert.Equal((TaskState.Done, "24", 90L), (machine.State, machine.Answer!.Answer, machine.Bill.PromptTokens));

        // Left and begun again, a call that nobody knew about, and a try that a device failed.
        Assert.Equal(new LostAttempts { Attempts = 3, PromptTokens = 90, OutputTokens = 6, Joules = 0.5 }, machine.Bill.Lost);

        // And it is what this version writes.
        Assert.Equal(KeptFirst, TaskDocument.Write(spec, [.. log.Take(2)]));
        Assert.Equal(KeptSecond, TaskDocument.Write(null, [], [.. log.Skip(2).Take(2)]));
        Assert.Equal(KeptHead, TaskDocument.Write(null, ["0-0123456789ab", "1-0123456789ab"], [.. log.Skip(4)]));
    }

    [Fact]
    public async Task What_is_written_grows_with_the_steps_and_not_with_their_square()
    {
        var few = await Write("few", 500);
        var many = await Write("many", 2000);
        TestContext.Current.TestOutputHelper?.WriteLine($"500 steps: {few:#,0} characters, 2,000 steps: {many:#,0}");
        Assert.InRange((double)many / few, 3.5, 4.6);
        Assert.InRange(_states.Longest, 1, 2 * TaskLog.MostTail);

        // All of it comes back, and goes on from there.
        var again = _states.Log("many");
        var (spec, log) = (await again.Read())!.Value;
        Assert.Equal(2000, log.Count);
        await again.Append([Entry(2000)]);
        Assert.Equal(
            TaskDocument.Write(Spec, [.. Enumerable.Range(0, 2001).Select(Entry)]),
            TaskDocument.Write(spec, (await _states.Log("many").Read())!.Value.Log));

        // And away.
        await again.Clear();
        Assert.DoesNotContain(_states.Texts.Keys, static key => key.Contains("many", StringComparison.Ordinal));
        Assert.Null(await _states.Log("many").Read());
    }

    [Fact]
    public async Task A_long_problem_is_written_once()
    {
        var log = _states.Log("long");
        await log.Begin(Spec with { Problem = new string('x', 1 << 20) });
        var begun = _states.Written;
        Assert.InRange(begun, 1 << 20, (1 << 20) + 5000);
        for (var i = 0; i < 20; i++)
        {
            await log.Append([Entry(i)]);
        }

        Assert.InRange(_states.Written - begun, 1, 20 * TaskLog.MostTail);
        var (spec, entries) = (await _states.Log("long").Read())!.Value;
        Assert.Equal((1 << 20, 20), (spec.Problem.Length, entries.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_write_that_fails_is_tried_again_and_nothing_is_lost_or_doubled(int failures)
    {
        var log = _states.Log("hard");
        await log.Begin(Spec);
        for (var i = 0; i < 100; i++)
        {
            _states.Failures = i % 10 == 9 ? failures : 0;
            for (var done = false; !done;)
            {
                try
                {
                    await log.Append([Entry(i)]);
                    done = true;
                }
                catch (IOException)
                {
                }
            }
        }

        Assert.Equal(TaskDocument.Write(Spec, [.. Enumerable.Range(0, 100).Select(Entry)]), TaskDocument.Write(Spec, (await _states.Log("hard").Read())!.Value.Log));
        var head = TaskDocument.Parse(_states.Texts["agent-task:crescent.agent-task/hard"]);
        Assert.Equal(head.Parts!.Count, _states.Texts.Count - 1);
    }

    [Fact]
    public async Task A_task_that_was_stored_whole_goes_on_in_parts()
    {
        _states.Texts["agent-task:crescent.agent-task/whole"] = TaskDocument.Write(Spec, [Entry(0)]);
        var log = _states.Log("whole");
        Assert.Single((await log.Read())!.Value.Log);
        for (var i = 1; i < 50; i++)
        {
            await log.Append([Entry(i)]);
        }

        Assert.NotNull(TaskDocument.Parse(_states.Texts["agent-task:crescent.agent-task/whole"]).Parts);
        Assert.Equal(50, (await _states.Log("whole").Read())!.Value.Log.Count);
    }

    [Fact]
    public async Task A_part_that_is_gone_is_named()
    {
        await Write("gone", 100);
        var part = _states.Texts.Keys.First(static key => key.Contains("gone/1-", StringComparison.Ordinal));
        _states.Texts.TryRemove(part, out _);
        Assert.Contains("Part '1-", (await Assert.ThrowsAsync<InvalidDataException>(() => _states.Log("gone").Read())).Message, StringComparison.Ordinal);
    }

    private async Task<long> Write(string id, int entries)
    {
        var before = _states.Written;
        var log = _states.Log(id);
        await log.Begin(Spec);
        for (var i = 0; i < entries; i++)
        {
            await log.Append([Entry(i)]);
        }

        return _states.Written - before;
    }

    private static TaskEntry Entry(int i) => new()
    {
        Kind = EntryKind.StepEnded,
        Step = $"sample-{i}",
        At = DateTimeOffset.UnixEpoch.AddSeconds(i),
        Result = new StepResult { Text = $"{i} {new string('t', 2000)}", PromptTokens = 30, OutputTokens = 400 },
    };
}
