using System.Text;
using Anthropic;
using Anthropic.Models.Messages;
using Microsoft.Extensions.AI;

namespace Crescent.Tests.Silo.Api.Messages;

/// <summary>Anthropic's client for .NET against a real silo with the embedded model.</summary>
public sealed class AnthropicClientTests(SiloFixture silo)
{
    private const string Model = "crescent-tiny";
    private const string Question = "What is 23 + 48?";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static MessageCreateParams Asked => new() { MaxTokens = 64, Model = Model, Messages = [new UserMessageParam(Question)] };

    [Fact]
    public async Task A_message_is_answered_whole_streamed_and_counted()
    {
        using var client = await Client();
        var message = await client.Messages.Create(Asked, Stop);
        Assert.True(message.Content[0].TryPickText(out var block) && block.Text.Length > 0);
        Assert.InRange(message.Usage.OutputTokens, 1, 64);
        var (text, events) = (new StringBuilder(), 0);
        await foreach (var told in client.Messages.CreateStreaming(Asked, Stop))
        {
            events++;
            text.Append(told.TryPickContentBlockDelta(out var delta) && delta.Delta.TryPickText(out var piece) ? piece.Text : "");
        }

        Assert.True(text.Length > 0 && events > 5, $"{events} events: {text}");
        var counted = await client.Messages.CountTokens(new MessageCountTokensParams { Model = Model, Messages = Asked.Messages }, Stop);
        Assert.Equal(message.Usage.InputTokens + (message.Usage.CacheReadInputTokens ?? 0), counted.InputTokens);
    }

    [Fact]
    public async Task It_is_a_chat_client()
    {
        using var client = await Client();
        using var chat = client.AsIChatClient(Model, 64);

        // Its chat client sends no temperature, so that one answer in some is drawn another way.
        var options = new ChatOptions { Temperature = 0 };
        Assert.StartsWith("23 + 48 =", (await chat.GetResponseAsync(Question, options, Stop)).Text, StringComparison.Ordinal);
        var text = new StringBuilder();
        await foreach (var update in chat.GetStreamingResponseAsync(Question, options, Stop))
        {
            text.Append(update.Text);
        }

        Assert.StartsWith("23 + 48 =", text.ToString(), StringComparison.Ordinal);
    }

    private async Task<AnthropicClient> Client() => new() { ApiKey = "none", BaseUrl = await silo.Url(), MaxRetries = 0 };
}
