using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Engine.Model;
using Crescent.Tests.Engine.Model;
using OpenAI;
using OpenAI.Embeddings;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>/v1/embeddings through the official client, against exact arithmetic.</summary>
public sealed class EmbeddingTests(SiloFixture silo)
{
    private const string Name = "crescent-tiny";
    private static readonly string[] Texts = ["What is 23 + 48?", "Tell me a story about a fox.", "A"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Embeddings_are_the_mean_hidden_states_of_exact_arithmetic_at_length_1()
    {
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        var exact = new ReferenceDecoder(model.Graph);
        var answer = (await (await Client()).GenerateEmbeddingsAsync(Texts, cancellationToken: Stop)).Value;
        Assert.Equal(Name, answer.Model);
        Assert.Equal([0, 1, 2], answer.Select(static one => one.Index));
        var tokens = 0;
        for (var i = 0; i < Texts.Length; i++)
        {
            var prompt = model.Tokenizer.Encode(Texts[i], parseSpecial: true, addSpecial: true);
            tokens += prompt.Length;
            var states = exact.HiddenStates(prompt);
            var mean = Enumerable.Range(0, states[0].Length).Select(d => states.Average(state => (double)state[d])).ToArray();
            var embedding = answer[i].ToFloats().ToArray();
            Assert.Equal(mean.Length, embedding.Length);
            Assert.Equal(1, Dot(embedding, embedding), 1e-5);

            // Measured: 1 less 3e-5 to 1.5e-4, which is the rounding of activations to eight bits. Different texts are at 0.04 and 0.06 to each other.
            var truth = Array.ConvertAll(mean, value => (float)(value / Math.Sqrt(mean.Sum(static v => v * v))));
            Assert.InRange(Dot(embedding, truth), 1 - 5e-4, 1 + 1e-6);
        }

        Assert.True(Dot(answer[0].ToFloats().Span, answer[1].ToFloats().Span) < 0.5, "different texts have the same embedding");
        Assert.Equal((tokens, tokens), (answer.Usage.InputTokenCount, answer.Usage.TotalTokenCount));
    }

    [Theory]
    [InlineData("\"Once upon a time\"", 1)]
    [InlineData("""["Once upon a time","What is"]""", 2)]
    [InlineData("[100,200,300]", 1)]
    [InlineData("[[100,200],[300],[400]]", 3)]
    public async Task Every_form_of_an_input_is_embedded_alone_as_among_others_and_as_text_as_in_base64(string input, int count)
    {
        var first = input.StartsWith('[') && !char.IsAsciiDigit(input[1]) ? JsonNode.Parse(input)![0]!.ToJsonString() : input;
        var floats = await Post($$"""{"model":"{{Name}}","input":{{input}},"dimensions":{{await Width()}}}""");
        Assert.Equal(count, floats["data"]!.AsArray().Count);
        Assert.Equal(Enumerable.Range(0, count), floats["data"]!.AsArray().Select(static one => (int)one!["index"]!));
        Assert.Equal("list", (string?)floats["object"]);
        Assert.Null(floats["usage"]!["completion_tokens"]);
        Assert.True((double)floats["usage"]!["crescent"]!["joules"]! > 0);
        var values = floats["data"]![0]!["embedding"]!.AsArray().Select(static value => (float)value!).ToArray();
        var coded = await Post($$"""{"input":{{first}},"encoding_format":"base64","user":"somebody"}""");
        var bytes = Convert.FromBase64String((string)coded["data"]![0]!["embedding"]!);
        Assert.Equal(values, Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToSingle(bytes, 4 * i)));
    }

    [Fact]
    public async Task More_inputs_than_are_under_way_at_once_keep_their_places()
    {
        var inputs = Enumerable.Range(0, 70).Select(i => new[] { 100 + i, 200 }).ToArray();
        var all = await Post($$"""{"input":{{JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(inputs))!.ToJsonString()}}}""");
        var last = await Post("""{"input":[169,200]}""");
        Assert.Equal(70, all["data"]!.AsArray().Count);
        Assert.Equal(last["data"]![0]!["embedding"]!.ToJsonString(), all["data"]![69]!["embedding"]!.ToJsonString());
        Assert.Equal(140, (int)all["usage"]!["prompt_tokens"]!);
    }

    [Theory]
    [InlineData("""{"model":"crescent-tiny"}""", "input", "missing")]
    [InlineData("""{"input":""}""", "input", "empty")]
    [InlineData("""{"input":[]}""", "input", "empty")]
    [InlineData("""{"input":["a",""]}""", "input[1]", "empty")]
    [InlineData("""{"input":["a",7]}""", "input[1]", "a string")]
    [InlineData("""{"input":"a","truncate_prompt_tokens":5}""", "truncate_prompt_tokens", "shorten the input")]
    [InlineData("""{"input":"a","normalize":false}""", "normalize", "length 1")]
    [InlineData("""{"input":[7,-1]}""", "input[1]", "0 to")]
    [InlineData("""{"input":{}}""", "input", "an array of strings")]
    [InlineData("""{"input":"a","dimensions":64}""", "dimensions", "leave it out")]
    [InlineData("""{"input":"a","encoding_format":"int8"}""", "encoding_format", "base64")]
    [InlineData("""{"input":"a","deadline_seconds":0}""", "deadline_seconds", "0.001")]
    public async Task A_wrong_request_is_told_the_field_and_what_it_takes(string body, string field, string said)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var answer = await http.PostAsync("/v1/embeddings", new StringContent(body, Encoding.UTF8, "application/json"), Stop);
        var error = (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!["error"]!;
        Assert.Equal((400, field), ((int)answer.StatusCode, (string?)error["param"]));
        Assert.Contains(said, (string)error["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_input_beyond_the_context_is_refused_through_the_client()
    {
        var wrong = await Assert.ThrowsAsync<ClientResultException>(
            async () => await (await Client()).GenerateEmbeddingAsync(string.Concat(Enumerable.Repeat("one two three ", 1000)), cancellationToken: Stop));
        Assert.Equal(400, wrong.Status);
        Assert.Contains("context_length_exceeded", wrong.Message, StringComparison.Ordinal);
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return sum;
    }

    /// <summary>What the list of models says of the embeddings' size.</summary>
    private async Task<int> Width()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        var embedding = (await http.GetFromJsonAsync<JsonObject>($"/v1/models/{Name}", Stop))!["embedding"]!;
        Assert.Equal(("mean", true), ((string?)embedding["pooling"], (bool)embedding["normalized"]!));
        return (int)embedding["dimensions"]!;
    }

    private async Task<JsonObject> Post(string body)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        using var answer = await http.PostAsync("/v1/embeddings", new StringContent(body, Encoding.UTF8, "application/json"), Stop);
        var json = (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!;
        Assert.True(answer.IsSuccessStatusCode, json.ToJsonString());
        return json;
    }

    private async Task<EmbeddingClient> Client() => new OpenAIClient(
        new ApiKeyCredential("none"),
        new OpenAIClientOptions { Endpoint = new Uri($"{await silo.Url()}/v1"), RetryPolicy = new ClientRetryPolicy(0) }).GetEmbeddingClient(Name);
}
