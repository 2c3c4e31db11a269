using System.Globalization;

namespace Crescent.Client.Mock;

/// <summary>Answers of <c>/v1/responses</c>: an item for thoughts, where there are any, and one for what is said, each opened, told in pieces and closed; events have names and numbers, and there is no <c>[DONE]</c>.</summary>
/// <param name="options">Of the server.</param>
/// <param name="model">Its name as JSON.</param>
internal sealed class MockResponses(MockOptions options, string model) : IMockForm
{
    private int _sequence;
    private int _item;
    private bool _isOpen;
    private bool _isThought;

    public void Begin(in MockPlan plan, MockBuffer into)
    {
        (_sequence, _item, _isOpen) = (0, -1, false);
        Tell("response.created", $"\"response\":{Response(plan, "in_progress", "")}", into);
        Tell("response.in_progress", $"\"response\":{Response(plan, "in_progress", "")}", into);
    }

    public void Chunk(in MockPlan plan, int tokens, bool isThought, MockBuffer into)
    {
        if (!_isOpen || _isThought != isThought)
        {
            Close(plan, "completed", into);
            Open(plan, isThought, into);
        }

        var begin = into.Frame();
        into.Add(isThought ? "event: response.reasoning_text.delta\ndata: {\"type\":\"response.reasoning_text.delta\",\"sequence_number\":"u8 : "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":"u8);
        into.AddNumber(_sequence++);
        into.Add(isThought ? ",\"item_id\":\"rs_mock-"u8 : ",\"item_id\":\"msg_mock-"u8);
        into.AddNumber(plan.Number);
        into.Add("\",\"output_index\":"u8);
        into.AddNumber(_item);
        into.Add(",\"content_index\":0,\"delta\":\""u8);
        into.AddTokens(tokens);
        into.Add(isThought ? "\"}\n\n"u8 : "\",\"logprobs\":[]}\n\n"u8);
        into.EndFrame(begin);
    }

    public void End(in MockPlan plan, MockBuffer into)
    {
        Close(plan, Status(plan), into);
        Tell($"response.{Status(plan)}", $"\"response\":{Response(plan, Status(plan), Output(plan))}", into);
    }

    public string Whole(in MockPlan plan) => Response(plan, Status(plan), Output(plan));

    private static string Status(in MockPlan plan) => plan.IsCapped ? "incomplete" : "completed";

    private void Open(in MockPlan plan, bool isThought, MockBuffer into)
    {
        (_isOpen, _isThought) = (true, isThought);
        _item++;
        Tell("response.output_item.added", $"\"output_index\":{_item},\"item\":{Item(plan, isThought, "in_progress", null)}", into);
        Tell("response.content_part.added", $"{Place(plan)},\"part\":{Part(isThought, "")}", into);
    }

    private void Close(in MockPlan plan, string status, MockBuffer into)
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        var text = MockText.Of(_isThought ? plan.Thoughts : plan.Tokens - plan.Thoughts);
        Tell(_isThought ? "response.reasoning_text.done" : "response.output_text.done", $"{Place(plan)},\"text\":\"{text}\"{(_isThought ? "" : ",\"logprobs\":[]")}", into);
        Tell("response.content_part.done", $"{Place(plan)},\"part\":{Part(_isThought, text)}", into);
        Tell("response.output_item.done", $"\"output_index\":{_item},\"item\":{Item(plan, _isThought, status, text)}", into);
    }

    private void Tell(string type, string fields, MockBuffer into) => into.AddEvent($$"""{"type":"{{type}}","sequence_number":{{_sequence++}},{{fields}}}""", type);

    private string Place(in MockPlan plan) => $"\"item_id\":\"{Id(plan, _isThought)}\",\"output_index\":{_item},\"content_index\":0";

    private static string Id(in MockPlan plan, bool isThought) => $"{(isThought ? "rs" : "msg")}_mock-{plan.Number}";

    private static string Part(bool isThought, string text) => isThought
        ? $$"""{"type":"reasoning_text","text":"{{text}}"}"""
        : $$"""{"type":"output_text","text":"{{text}}","annotations":[],"logprobs":[]}""";

    private static string Item(in MockPlan plan, bool isThought, string status, string? text)
    {
        var content = text is null ? "" : Part(isThought, text);
        return isThought
            ? $$"""{"id":"{{Id(plan, true)}}","type":"reasoning","status":"{{status}}","summary":[],"content":[{{content}}]}"""
            : $$"""{"id":"{{Id(plan, false)}}","type":"message","status":"{{status}}","role":"assistant","content":[{{content}}]}""";
    }

    private static string Output(in MockPlan plan)
    {
        var thoughts = plan.Thoughts > 0 ? Item(plan, true, plan.Thoughts == plan.Tokens ? Status(plan) : "completed", MockText.Of(plan.Thoughts)) : "";
        var said = plan.Tokens > plan.Thoughts ? Item(plan, false, Status(plan), MockText.Of(plan.Tokens - plan.Thoughts)) : "";
        return thoughts.Length > 0 && said.Length > 0 ? $"{thoughts},{said}" : thoughts + said;
    }

    private string Response(in MockPlan plan, string status, string output)
    {
        var details = status == "incomplete" ? "{\"reason\":\"max_output_tokens\"}" : "null";
        return $$"""{"id":"resp_mock-{{plan.Number}}","object":"response","created_at":0,"status":"{{status}}","error":null,"incomplete_details":{{details}},"model":{{model}},"output":[{{output}}],"store":false,"usage":{{(status == "in_progress" ? "null" : Usage(plan))}}}""";
    }

    private string Usage(in MockPlan plan) => MockText.Told(options, plan.Tokens) is { } told
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"input_tokens\":{plan.Request.PromptTokens},\"input_tokens_details\":{{\"cached_tokens\":0}},\"output_tokens\":{told},\"output_tokens_details\":{{\"reasoning_tokens\":{plan.Thoughts}}},\"total_tokens\":{plan.Request.PromptTokens + told}{MockText.Energy(options, plan.Tokens)}}}")
        : "null";
}
