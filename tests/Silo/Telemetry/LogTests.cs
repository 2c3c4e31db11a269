using System.Net;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Silo.Ops;

namespace Crescent.Tests.Silo.Telemetry;

public sealed class LogTests
{
    private const string Secret = "zebrafinch";

    [Fact]
    public async Task No_line_of_whatever_level_has_a_prompt_or_a_field_in_it_and_those_of_a_request_have_its_id()
    {
        await using var silo = await TelemetrySilo.Start("logs");
        Assert.Equal(HttpStatusCode.OK, (await silo.Post("/v1/chat/completions", $$"""{"messages":[{"role":"user","content":"{{Secret}}"}],"max_tokens":4,"user":"u","stop":["{{Secret}}"]}""", (RequestIds.Header, "my-id-1"))).Answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await silo.Post("/v1/completions", $$"""{"prompt":"{{Secret}}","max_tokens":4,"stream":true}""")).Answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await silo.Post("/v1/embeddings", $$"""{"input":"{{Secret}}"}""")).Answer.StatusCode);
        var (refused, said) = await silo.Post("/v1/chat/completions", $$"""{"messages":[{"role":"{{Secret}}","content":"x"}]}""", (RequestIds.Header, "my-id-2"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains(Secret, said, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await silo.Post("/v1/completions", $$"""{"prompt":"x","guided_regex":"({{Secret}}"}""")).Answer.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await silo.Post("/v1/completions", $$"""{"prompt":"{{Secret}}" """)).Answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await silo.Post("/v1/chat/completions", $$"""{"model":"agent:direct","messages":[{"role":"user","content":"{{Secret}}"}]}""")).Answer.StatusCode);
        await silo.Stop();
        Assert.NotEmpty(silo.Log.Lines);
        Assert.Equal("", string.Join(Environment.NewLine, silo.Log.Lines.Where(static line => line.Contains(Secret, StringComparison.OrdinalIgnoreCase))));
        Assert.Contains(silo.Log.Lines, static line => line.Contains("refused with 400: invalid_value messages[0].role", StringComparison.Ordinal) && line.Contains(" => request my-id-2", StringComparison.Ordinal));
        Assert.Contains(silo.Log.Lines, static line => line.Contains(" => request my-id-1", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"Timestamp":"x","EventId":1,"LogLevel":"Warning","Category":"c","Message":"m"}""", true)]
    [InlineData("""{"Timestamp":"x","EventId":1,"LogLevel":"Information","Category":"c","Message":"m"}""", false)]
    [InlineData("12:00:00.000 warn: c[1] m", true)]
    [InlineData("12:00:00.000 info: c[1] m", false)]
    public void A_line_says_by_itself_whether_its_user_should_see_it(string line, bool isAlarming) => Assert.Equal(isAlarming, LogLine.IsAlarming(line));

    [Theory]
    [InlineData("TraceSample", "1.5", "it takes 0 (none) to 1 (all)")]
    [InlineData("OtlpEndpoint", "collector:4317", "it takes http://HOST:PORT or https://HOST:PORT")]
    [InlineData("LogFormat", "xml", "Crescent:LogFormat")]
    public void A_wrong_setting_is_told_with_what_it_takes(string key, string value, string said)
    {
        var wrong = Assert.Throws<StartException>(() => Settings.Read<TelemetryOptions>(Settings.Load([new($"Crescent:{key}", value)])));
        Assert.Contains(said, wrong.Message, StringComparison.Ordinal);
    }
}
