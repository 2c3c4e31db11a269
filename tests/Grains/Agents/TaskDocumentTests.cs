using Crescent.Agents.Steps;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Grains.Agents;

namespace Crescent.Tests.Grains.Agents;

public sealed class TaskDocumentTests
{
    /// <summary>As version 1 has written it. It stays as it is: tasks that were stored before an upgrade are read after it.</summary>
    private const string Kept = """
        {"version":1,"spec":{"version":1,"problem":"What is 12 + 12?","strategy":"react","settings":{"samples":8,"window":4,"window_step":2,"confidence":0.95,"max_tokens":64,"temperature":0,"verify":false,"beam":2,"branches":3,"depth":10,"part_lines":8,"reduce_width":8},"budget":{"tokens":5000,"parallelism":16,"tool_calls":0},"tools":[{"name":"calculator","description":"Computes.","parameters":"{}","is_idempotent":true,"needs_approval":false}],"seed":18446744073709551615,"tenant":"","priority":"batch","submitted":"2026-11-26T18:00:00+00:00"},"log":[{"at":"2026-11-26T18:00:01+00:00","kind":0,"step":"think-0","result":{"outcome":0,"text":"","calls":[{"id":"think-0-0","name":"calculator","arguments":"{\"expression\":\"12+12\"}"}],"mean_logprob":-0.25,"is_truncated":false,"prompt_tokens":30,"cached_tokens":16,"output_tokens":12,"seconds":0.5,"joules":2.5,"device":"device-1/cpu","is_done":true}},{"at":"2026-11-26T18:00:01+00:00","kind":1,"step":"tool-0-0"},{"at":"2026-11-26T18:00:02+00:00","kind":3,"step":"tool-0-0","reason":"no"}]}
        """;

    private static readonly TaskSpec Spec = new()
    {
        Problem = "What is 12 + 12?",
        Strategy = "react",
        Settings = new StrategySettings { MaxTokens = 64, Temperature = 0 },
        Budget = new TaskBudget { Tokens = 5000, ToolCalls = 0 },
        Tools = [new TaskTool("calculator", "Computes.", "{}", IsIdempotent: true)],
        Seed = ulong.MaxValue,
        Priority = "batch",
        Submitted = new DateTimeOffset(2026, 11, 26, 18, 0, 0, TimeSpan.Zero),
    };

    private static readonly TaskEntry[] Log =
    [
        new()
        {
            At = Spec.Submitted.AddSeconds(1),
            Kind = EntryKind.StepEnded,
            Step = "think-0",
            Result = new StepResult
            {
                Calls = [new AskedTool("think-0-0", "calculator", "{\"expression\":\"12+12\"}")],
                MeanLogprob = -0.25,
                PromptTokens = 30,
                CachedTokens = 16,
                OutputTokens = 12,
                Seconds = 0.5,
                Joules = 2.5,
                Device = "device-1/cpu",
            },
        },
        new() { At = Spec.Submitted.AddSeconds(1), Kind = EntryKind.ToolIntended, Step = "tool-0-0" },
        new() { At = Spec.Submitted.AddSeconds(2), Kind = EntryKind.Rejected, Step = "tool-0-0", Reason = "no" },
    ];

    [Fact]
    public void What_version_1_has_written_is_read()
    {
        var document = TaskDocument.Parse(Kept);
        Assert.Equal(TaskDocument.Write(Spec, Log), TaskDocument.Write(document.Spec!, document.Log));
        Assert.Equal((0, 0, ulong.MaxValue), (document.Spec!.Settings.Temperature, document.Spec.Budget.ToolCalls, document.Spec.Seed));
    }

    [Fact]
    public void What_is_missing_has_its_default_and_what_is_unknown_is_left_out()
    {
        var document = TaskDocument.Parse("""{"version":1,"spec":{"problem":"p","strategy":"direct","colour":"red"},"log":[{"kind":0,"step":"answer","result":{"text":"a","smell":1}}]}""");
        Assert.Equal((new StrategySettings(), new TaskBudget(), "standard"), (document.Spec!.Settings, document.Spec.Budget, document.Spec.Priority));
        Assert.Equal("a", document.Log[0].Result!.Text);
    }

    [Fact]
    public void Another_version_is_not_read() => Assert.Contains("version 3", Assert.Throws<InvalidDataException>(() => TaskDocument.Parse("""{"version":3,"spec":{"problem":"p","strategy":"direct"}}""")).Message, StringComparison.Ordinal);
}
