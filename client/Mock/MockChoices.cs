using System.Globalization;

namespace Crescent.Client.Mock;

/// <summary>Answers of <c>/v1/chat/completions</c> and <c>/v1/completions</c>.</summary>
/// <param name="options">Of the server.</param>
/// <param name="model">Its name as JSON.</param>
/// <param name="isChat">Which of the two.</param>
internal sealed class MockChoices(MockOptions options, string model, bool isChat) : IMockForm
{
    private const string Closed = "\"finish_reason\":\"length\"";

    public void Begin(in MockPlan plan, MockBuffer into)
    {
        if (isChat)
        {
            into.AddEvent(Event(plan, "\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null", ""));
        }
    }

    public void Chunk(in MockPlan plan, int tokens, bool isThought, MockBuffer into)
    {
        var begin = into.Frame();
        into.Add("data: {\"id\":\"mock-"u8);
        into.AddNumber(plan.Number);
        into.Add(isChat ? "\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":"u8 : "\",\"object\":\"text_completion\",\"created\":0,\"model\":"u8);
        into.AddText(model);
        into.Add(!isChat
            ? ",\"choices\":[{\"index\":0,\"text\":\""u8
            : isThought ? ",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\""u8 : ",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""u8);
        into.AddTokens(tokens);
        into.Add(isChat ? "\"},\"finish_reason\":null}]}\n\n"u8 : "\",\"finish_reason\":null}]}\n\n"u8);
        into.EndFrame(begin);
    }

    public void End(in MockPlan plan, MockBuffer into)
    {
        into.AddEvent(Event(plan, $"{(isChat ? "\"delta\":{}" : "\"text\":\"\"")},{Closed}", plan.Request.IncludeUsage ? Usage(plan) : ""));
        into.AddEvent("[DONE]");
    }

    public string Whole(in MockPlan plan)
    {
        var said = MockText.Of(plan.Tokens - plan.Thoughts);
        var thought = plan.Thoughts > 0 ? $",\"reasoning_content\":\"{MockText.Of(plan.Thoughts)}\"" : "";
        var choice = isChat ? $"\"message\":{{\"role\":\"assistant\",\"content\":\"{said}\"{thought}}}" : $"\"text\":\"{said}\"";
        return $$"""{"id":"mock-{{plan.Number}}","object":"{{(isChat ? "chat.completion" : "text_completion")}}","created":0,"model":{{model}},"choices":[{"index":0,{{choice}},{{Closed}}}]{{Usage(plan)}}}""";
    }

    private string Event(in MockPlan plan, string choice, string usage) =>
        $$"""{"id":"mock-{{plan.Number}}","object":"{{(isChat ? "chat.completion.chunk" : "text_completion")}}","created":0,"model":{{model}},"choices":[{"index":0,{{choice}}}]{{usage}}}""";

    private string Usage(in MockPlan plan) => MockText.Told(options, plan.Tokens) is { } told
        ? string.Create(
            CultureInfo.InvariantCulture,
            $",\"usage\":{{\"prompt_tokens\":{plan.Request.PromptTokens},\"completion_tokens\":{told},\"total_tokens\":{plan.Request.PromptTokens + told},\"completion_tokens_details\":{{\"reasoning_tokens\":{plan.Thoughts}}}{MockText.Energy(options, plan.Tokens)}}}")
        : "";
}
