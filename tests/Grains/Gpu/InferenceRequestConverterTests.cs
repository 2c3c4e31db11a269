using System.Text;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Crescent.Tests.Grains.Gpu;

public sealed class InferenceRequestConverterTests
{
    private static readonly SamplingParameters Drawn = new()
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
        Given = [3, 1],
        Seed = ulong.MaxValue,
        LogitBias = new Dictionary<int, float> { [5] = -100 },
    };

    private static readonly InferenceRequest Asked = new()
    {
        RequestId = "chatcmpl-1",
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        Model = "tiny",
        Adapter = "polite",
        Prompt = [1, 2, 3],
        MaxTokens = 9,
        WantsEmbedding = true,
        Sampling = Drawn,
        StopStrings = ["\n\n", "</s>"],
        StopTokens = [7, 8],
        IgnoreEndOfGeneration = true,
        Priority = RequestPriority.Interactive,
        Tenant = "ada",
        Task = "proof",
        Program = "talk",
        ParentProgram = "walk",
        IsCritical = true,
        EndsProgram = true,
        Siblings = new SiblingGroup("chatcmpl"),
        CacheSalt = "salt",
        Deadline = TimeSpan.FromSeconds(1.5),
        SpeculativeTokens = 5,
        DraftTokens = 3,
        Id = long.MaxValue,
        ResumedTokens = 2,
        KvSource = KvSource.OfFork(6),
    };

    [Fact]
    public void Every_field_of_a_request_crosses_Orleans()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var got = serializer.Deserialize<InferenceRequest>(serializer.SerializeToArray(Asked))!;
        AssertSame(Asked, got, new InferenceRequest { Prompt = [], MaxTokens = 0 });
        AssertSame(Drawn, got.Sampling, SamplingParameters.Greedy);
    }

    [Fact]
    public void What_belongs_to_the_sending_process_stays_there()
    {
        var converter = new InferenceRequestConverter();
        var got = converter.ConvertFromSurrogate(converter.ConvertToSurrogate(Asked with { Link = this, Chain = [default] }));
        Assert.Null(got.Link);
        Assert.Null(got.Chain);
    }

    [Fact]
    public void A_member_that_is_not_known_is_left_out_and_one_that_is_missing_has_its_default()
    {
        var wire = new InferenceRequestWire
        {
            Prompt = [1],
            Fields = Encoding.UTF8.GetBytes("""{"Prompt":[],"MaxTokens":4,"Sampling":{"TopK":3,"Charm":{"of":"tomorrow"}},"Colour":"blue"}"""),
        };

        var got = new InferenceRequestConverter().ConvertFromSurrogate(wire);

        Assert.Equal((4, RequestPriority.Standard, 3), (got.MaxTokens, got.Priority, got.Sampling.TopK));
        Assert.Equal((1f, 1f), (got.Sampling.RepetitionPenalty, got.Sampling.TopP));
    }

    /// <summary>Each settable property, of which <paramref name="sent"/> has none as it is in <paramref name="plain"/>.</summary>
    private static void AssertSame<T>(T sent, T got, T plain)
    {
        foreach (var property in typeof(T).GetProperties().Where(static p => p.CanWrite && p.Name is not (nameof(InferenceRequest.Link) or nameof(InferenceRequest.Chain) or nameof(InferenceRequest.Sampling))))
        {
            var value = property.GetValue(sent);
            Assert.NotEqual(property.GetValue(plain), value);
            Assert.Equal(value, property.GetValue(got));
        }
    }
}
