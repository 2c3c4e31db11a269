using System.Net;
using Crescent.Silo.Ops;
using Crescent.Tests.Silo.Api;

namespace Crescent.Tests.Silo.Telemetry;

public sealed class RequestIdTests
{
    private const string Body = """{"messages":[{"role":"user","content":"Hello"}]}""";

    [Theory]
    [InlineData("/v1/chat/completions", Body, HttpStatusCode.OK)]
    [InlineData("/v1/chat/completions", """{"messages":3}""", HttpStatusCode.BadRequest)]
    [InlineData("/v1/nothing", Body, HttpStatusCode.NotFound)]
    public async Task An_answer_has_the_id_of_its_request_whether_it_is_an_error_or_not(string path, string body, HttpStatusCode status)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("Hi"));
        using var answer = await Send(front, path, body, "job-17/part.3");
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("job-17/part.3", Assert.Single(answer.Headers.GetValues(RequestIds.Header)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("two words")]
    [InlineData("<script>")]
    [InlineData("")]
    public async Task A_request_without_an_id_that_can_be_told_gets_a_fresh_one(string? id)
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("Hi"));
        using var answer = await Send(front, "/v1/chat/completions", Body, id);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Matches("^req_[0-9a-f]{32}$", Assert.Single(answer.Headers.GetValues(RequestIds.Header)));
    }

    [Fact]
    public void An_id_is_no_longer_than_it_may_be()
    {
        Assert.True(RequestIds.IsWellFormed(new string('a', RequestIds.MaxLength)));
        Assert.False(RequestIds.IsWellFormed(new string('a', RequestIds.MaxLength + 1)));
    }

    private static async Task<HttpResponseMessage> Send(TestFront front, string path, string body, string? id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        if (id is not null)
        {
            request.Headers.TryAddWithoutValidation(RequestIds.Header, id);
        }

        return await front.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
