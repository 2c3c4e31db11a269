using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Crescent.Tests.Grains.Gpu;

public sealed class SamplingConverterTests
{
    [Fact]
    public void Every_sampling_parameter_crosses_Orleans()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var sent = new SamplingParameters
        {
            TopLogprobs = 3,
            Structure = new OutputStructure(GrammarSource.JsonSchema("{}") with { Before = "a", After = "b" }, "<tool_call>"),
            MinTokens = 4,
            RepetitionPenalty = 1.1f,
            FrequencyPenalty = 0.2f,
            PresencePenalty = 0.3f,
            Temperature = 0.7f,
            MinP = 0.05f,
            TopK = 40,
            TopP = 0.9f,
            Seed = ulong.MaxValue,
            LogitBias = new Dictionary<int, float> { [5] = -100 },
        };
        var got = serializer.Deserialize<SamplingParameters>(serializer.SerializeToArray(sent));
        foreach (var property in typeof(SamplingParameters).GetProperties().Where(static p => p.CanWrite))
        {
            var value = property.GetValue(sent);
            Assert.NotEqual(property.GetValue(SamplingParameters.Greedy), value);
            Assert.Equal(value, property.GetValue(got));
        }
    }
}
