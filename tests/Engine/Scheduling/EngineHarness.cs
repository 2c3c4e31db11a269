using Crescent.Engine.Devices;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Engines over a <see cref="HistoryDevice"/>, whose outputs are known beforehand.</summary>
internal static class EngineHarness
{
    public static InferenceEngine EngineOver(HistoryDevice device, RecordingSink sink, EngineOptions? options = null, TimeProvider? time = null) =>
        EngineOver(device, (IEngineSink)sink, options, time);

    public static InferenceEngine EngineOver(IDevice device, IEngineSink sink, EngineOptions? options = null, TimeProvider? time = null) =>
        new(device, new LetterTokenizer(), "test", sink, new CpuPowerModel(1), options, time);

    /// <summary>A request whose prompt is told by its id.</summary>
    public static InferenceRequest Request(long id, int promptLength, int maxTokens) =>
        new() { Id = id, Prompt = Prompt(id, promptLength), MaxTokens = maxTokens };

    public static int[] Prompt(long id, int length) => Enumerable.Range(0, length).Select(i => 1 + (int)(((id * 37) + (i * 11)) % 120)).ToArray();

    /// <summary>The tokens that any engine must give for <see cref="Request"/>.</summary>
    public static List<int> Expected(long id, int promptLength, int maxTokens) => Continuation(Prompt(id, promptLength), maxTokens);

    public static List<int> Continuation(int[] prompt, int maxTokens)
    {
        var history = prompt.ToList();
        for (var i = 0; i < maxTokens; i++)
        {
            history.Add(HistoryDevice.Next(history.ToArray()));
        }

        return history[prompt.Length..];
    }

    /// <summary>Steps until there is nothing to do, checking the invariants after each.</summary>
    public static void Run(InferenceEngine engine)
    {
        for (var step = 0; engine.Step(); step++)
        {
            engine.CheckIntegrity();
            Assert.True(step < 100_000, "the engine makes no progress");
        }
    }
}
