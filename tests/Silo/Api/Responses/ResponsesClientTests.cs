using System.ClientModel;
using System.Text;
using OpenAI;
using OpenAI.Responses;

namespace Crescent.Tests.Silo.Api.Responses;

/// <summary>The official client against a real silo with the embedded model.</summary>
public sealed class ResponsesClientTests(SiloFixture silo)
{
    private const string Model = "crescent-tiny";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_response_is_made_gone_on_with_found_and_deleted()
    {
        var client = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(await silo.Url() + "/v1") }).GetResponsesClient();
        var whole = (await client.CreateResponseAsync(Asked("What is 23 + 48?"), Stop)).Value;
        Assert.Equal(("23 + 48 = 71", ResponseStatus.Completed), (whole.GetOutputText(), whole.Status));
        Assert.InRange(whole.Usage.OutputTokenCount, 8, 16);
        var next = Asked("What is 2 + 3?");
        next.PreviousResponseId = whole.Id;
        next.StreamingEnabled = true;
        var text = new StringBuilder();
        ResponseResult? last = null;
        await foreach (var update in await client.CreateResponseStreamingAsync(next, Stop))
        {
            text.Append((update as StreamingResponseOutputTextDeltaUpdate)?.Delta);
            last = (update as StreamingResponseCompletedUpdate)?.Response ?? last;
        }

        Assert.True(text.Length > 0);
        Assert.Equal((text.ToString(), whole.Id), (last!.GetOutputText(), last.PreviousResponseId));
        Assert.True(last.Usage.InputTokenCount > whole.Usage.InputTokenCount);
        Assert.Equal(whole.Id, (await client.GetResponseAsync(whole.Id, Stop)).Value.Id);
        Assert.True((await client.DeleteResponseAsync(whole.Id, Stop)).Value.Deleted);
        var gone = await Assert.ThrowsAsync<ClientResultException>(() => client.GetResponseAsync(whole.Id, Stop));
        Assert.Equal(404, gone.Status);
    }

    private static CreateResponseOptions Asked(string question) => new(Model, [ResponseItem.CreateUserMessageItem(question)]) { Temperature = 0, MaxOutputTokenCount = 64 };
}
