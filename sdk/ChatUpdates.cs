using System.Text;
using System.Text.Json;
using Crescent.Grains.Contracts.Chat;
using Microsoft.Extensions.AI;

namespace Crescent.Sdk;

/// <summary>Makes the updates of one answer; calls of functions are told when they are whole.</summary>
/// <param name="id">Of the answer; null where the first piece tells it.</param>
/// <param name="model">Likewise.</param>
internal sealed class ChatUpdates(string? id = null, string? model = null)
{
    private readonly SortedDictionary<int, (string Id, string Name, StringBuilder Arguments)> _calls = [];
    private string? _id = id;
    private string? _model = model;
    private DateTimeOffset? _created;

    /// <summary>Whether the answer has told why it ended.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Takes what stands at the head of a piece.</summary>
    public void Head(string? id, string? model, long? created)
    {
        _id ??= id;
        _model ??= model;
        _created ??= created is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
    }

    public ChatResponseUpdate Text(string text) => Of(new TextContent(text));

    public ChatResponseUpdate Thought(string text) => Of(new TextReasoningContent(text));

    /// <summary>Takes a piece of a call.</summary>
    public void Call(int index, string? callId, string? name, string? arguments)
    {
        if (!_calls.TryGetValue(index, out var call))
        {
            _calls[index] = call = (callId ?? $"call_{index}", name ?? "", new StringBuilder());
        }

        call.Arguments.Append(arguments);
    }

    /// <summary>The end, and the calls before it.</summary>
    public ChatResponseUpdate End(string reason)
    {
        IsEnded = true;
        var update = Of([.. _calls.Values.Select(static call => (AIContent)Whole(call.Id, call.Name, call.Arguments.ToString()))]);
        update.FinishReason = new ChatFinishReason(reason);
        return update;
    }

    /// <summary>What it took.</summary>
    /// <param name="usage">Tokens.</param>
    /// <param name="cost">Times, device and energy; the energy is also in <see cref="UsageDetails.AdditionalCounts"/>, as <c>millijoules</c>.</param>
    public ChatResponseUpdate Usage(UsageDetails usage, ChatUsage cost)
    {
        usage.TotalTokenCount ??= usage.InputTokenCount + usage.OutputTokenCount;
        usage.AdditionalCounts = new AdditionalPropertiesDictionary<long> { ["millijoules"] = (long)Math.Round(cost.Joules * 1000) };
        var update = Of(new UsageContent(usage));
        update.AdditionalProperties = new AdditionalPropertiesDictionary { [CrescentUsage.Property] = cost };
        return update;
    }

    private static FunctionCallContent Whole(string callId, string name, string arguments)
    {
        var call = FunctionCallContent.CreateFromParsedArguments(arguments, callId, name, Arguments);
        call.RawRepresentation = new SaidCall(arguments);
        return call;
    }

    private static Dictionary<string, object?>? Arguments(string json) => json.Length == 0
        ? null
        : (Dictionary<string, object?>?)JsonSerializer.Deserialize(json, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(Dictionary<string, object?>)));

    private ChatResponseUpdate Of(params IList<AIContent> contents) =>
        new(ChatRole.Assistant, contents) { ResponseId = _id, MessageId = _id, ModelId = _model, CreatedAt = _created };
}
