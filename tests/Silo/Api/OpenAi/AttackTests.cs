using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>Requests that once ended a silo, or stalled it, or were answered by a failure, against a whole silo.</summary>
public sealed class AttackTests(SiloFixture silo)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("refs-depth-22.json", 200)]
    [InlineData("ways-5000.json", 200)]
    [InlineData("one-large-grammar.json", 200)]
    [InlineData("tool-with-defs.json", 200)]
    [InlineData("tools-together-too-large.json", 200)]
    [InlineData("fan.json", 400)]
    [InlineData("schema-text-enum.json", 400)]
    [InlineData("schema-text-pattern.json", 400)]
    public async Task It_is_answered_for_what_it_is(string file, int status)
    {
        var body = await File.ReadAllTextAsync(TestFiles.Project("tests", "Silo", "Api", "OpenAi", "Attacks", file), Stop);
        await Post(body, status);
    }

    [Fact]
    public async Task What_is_too_ambiguous_is_answered_or_refused_by_name()
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        var body = await File.ReadAllTextAsync(TestFiles.Project("tests", "Silo", "Api", "OpenAi", "Attacks", "nth-from-end.json"), Stop);
        using var answer = await http.PostAsync("/v1/completions", new StringContent(body, Encoding.UTF8, "application/json"), Stop);
        var json = (await answer.Content.ReadFromJsonAsync<JsonObject>(Stop))!;
        if ((int)answer.StatusCode == 400)
        {
            Assert.Contains("ambiguous", (string?)json["error"]!["message"], StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(200, (int)answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("""{"type":"string","pattern":"\ud800"}""")]
    [InlineData("""{"enum":["\ud800"]}""")]
    [InlineData("""{"properties":{"\udc00":{}}}""")]
    [InlineData("""{"$ref":"#/\ud800"}""")]
    [InlineData("""{"type":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"required":["\ud800\ud800"]}""")]
    [InlineData("""{"type":"string","format":"\udfff"}""")]
    [InlineData("""{"const":{"a":["\ud800"]}}""")]
    public async Task Half_of_a_surrogate_in_a_schema_that_is_sent_as_text_is_named(string schema)
    {
        var error = await Post(new JsonObject { ["prompt"] = "a", ["guided_json"] = schema }.ToJsonString(), 400);
        Assert.Contains("half of a surrogate pair", (string?)error["error"]!["message"], StringComparison.Ordinal);
        Assert.Equal("guided_json", (string?)error["error"]!["param"]);
    }

    [Fact]
    public async Task Beyond_a_limit_the_answer_names_it_and_what_to_do()
    {
        var error = await Post("""{"prompt":"a","max_tokens":2,"guided_regex":"([a-z]{1000}){1000}"}""", 400);
        Assert.Equal("guided_regex", (string?)error["error"]!["param"]);
        Assert.Contains("more than 200000 states, the limit here; lower", (string?)error["error"]!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_few_bytes_make_into_thousands_of_answers_is_refused_by_name()
    {
        var body = await File.ReadAllTextAsync(TestFiles.Project("tests", "Silo", "Api", "OpenAi", "Attacks", "fan.json"), Stop);
        var error = await Post(body, 400);
        Assert.Equal("n", (string?)error["error"]!["param"]);
        Assert.Contains("128 prompts with 128 answers each are 16384 answers; a request may ask for up to 2048", (string?)error["error"]!["message"], StringComparison.Ordinal);
    }

    private async Task<JsonObject> Post(string body, int status)
    {
        using var http = new HttpClient { BaseAddress = new Uri(await silo.Url()) };
        var path = body.Contains("\"messages\"", StringComparison.Ordinal) ? "/v1/chat/completions" : "/v1/completions";
        using var answer = await http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"), Stop);
        var json = await answer.Content.ReadFromJsonAsync<JsonObject>(Stop);
        Assert.True(status == (int)answer.StatusCode, $"{answer.StatusCode}: {json}");
        return json!;
    }
}
