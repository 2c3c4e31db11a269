using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Model;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Heads of models on the CPU device: the same tokens with and without, for long and short prompts, hits in the cache and preemptions.</summary>
public sealed class HeadRealModelTests
{
    private const int Requests = 14;

    [Theory]
    [InlineData("glm4moe", false)]
    [InlineData("qwen35", false)]
    [InlineData("qwen35moe", false)]
    [InlineData("qwen35", true)]
    [InlineData("qwen35moe", true)]
    [InlineData("deepseek2", false)]
    public async Task Whatever_a_head_guesses_a_model_says_the_same(string name, bool isRight)
    {
        var path = TestFiles.Shared("arch", $"{name}.gguf");
        using var written = isRight ? HeadModels.Write(HeadModels.ThatIsRight(path)) : name == "glm4moe" ? null : HeadModels.Write(HeadModels.WithHead(path));
        using var model = new RealModel(
            written?.Path ?? path, model => new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 60, StateSlots = name.StartsWith("qwen", StringComparison.Ordinal) ? 24 : 0 }));
        using var head = model.Head();
        var alone = await Serve(model, null);
        var guessed = await Serve(model, head);
        for (var id = 0; id < Requests; id++)
        {
            Assert.Equal(alone.Sink[id].Tokens, guessed.Sink[id].Tokens);
            Assert.Equal(alone.Sink[id].Logprobs, guessed.Sink[id].Logprobs);
        }

        Assert.Equal((0L, 0L), (alone.Guessed, alone.Accepted));
        Assert.True(guessed.Guessed > 0 && guessed.Preempted > 0 && guessed.Cached > 0, $"{guessed}");
        if (isRight)
        {
            // Sampled, penalised and structured ones among them.
            Assert.InRange(guessed.Accepted, 0.5 * guessed.Guessed, guessed.Guessed);
        }
    }

    private static async Task<(RecordingSink Sink, long Guessed, long Accepted, long Preempted, long Cached)> Serve(RealModel model, CpuDevice? head)
    {
        var sink = new RecordingSink();
        // So few that some give way whichever run together: when a structure has been compiled is another thread's affair.
        using var engine = model.Engine(model.Device(blocks: 18), sink, new EngineOptions { MaxRunning = 5, MaxStepTokens = 64 }, head);
        var faults = new List<string>();
        engine.RequestFailed = fault => faults.Add($"{fault.Doing}: {fault.Fault}");
        var text = model.Encode(string.Concat(Enumerable.Repeat("a b c d e f g h ", 40)));
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        for (var id = 0; id < Requests || sink.Records.Values.Any(static record => record.Finish == FinishReason.None);)
        {
            // Some come when others like them have left their blocks.
            if (id < Requests && (id < Requests / 2 || sink.Records.Values.Count(static record => record.Finish != FinishReason.None) > id - (Requests / 2)))
            {
                engine.Submit(new InferenceRequest
                {
                    Id = id,
                    Prompt = id % 3 == 0 ? [.. text[..140], id] : text[(id % 5)..(8 + (7 * (id % 6)))],
                    MaxTokens = 30 + id,
                    IgnoreEndOfGeneration = true,
                    Sampling = new SamplingParameters
                    {
                        Temperature = id % 4 == 1 ? 0.8f : 0,
                        Seed = (ulong)id,
                        FrequencyPenalty = id % 7 == 3 ? 0.5f : 0,
                        TopLogprobs = id % 3 == 1 ? 2 : null,
                        Structure = id == 6 ? new OutputStructure(GrammarSource.Regex("[a-z ]{200}")) : null,
                    },
                });
                id++;
                continue;
            }

            if (!engine.Step())
            {
                await Task.Delay(1, deadline.Token);
            }

            engine.CheckIntegrity();
        }

        Assert.Empty(faults);
        return (sink, engine.Counters.Guesses.DraftGuessed, engine.Counters.Guesses.DraftAccepted, engine.Preemptions, sink.Records.Values.Sum(static record => record.Usage!.CachedTokens));
    }
}
