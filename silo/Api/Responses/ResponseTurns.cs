using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Responses;

/// <summary>
/// Items of the Responses API as a conversation in the form that all dialects share: what a model has thought, said and called in a row is one turn of it.
/// </summary>
internal sealed class ResponseTurns
{
    private static readonly string[] Roles = ["user", "assistant", "system", "developer"];

    private readonly JsonArray _turns = [];

    // The model's turn that may have more to come.
    private List<string> _thought = [];
    private string? _said;
    private JsonArray _calls = [];

    /// <summary>Adds what stands before all items.</summary>
    public void Instruct(string text) => _turns.Add((JsonNode)new JsonObject { ["role"] = "system", ["content"] = text });

    /// <summary>Adds items: a text of the user, or an array.</summary>
    /// <exception cref="ApiException">One is wrong; its path is named.</exception>
    public void Add(JsonElement items, string path)
    {
        if (items.ValueKind == JsonValueKind.String)
        {
            Say("user", items.GetString()!);
            return;
        }

        if (items.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType(path, "a string or an array of items", RequestFields.Kind(items));
        }

        if (items.GetArrayLength() > ChatMessages.MaxCount)
        {
            throw ApiException.InvalidValue(path, $"'{path}' has {items.GetArrayLength()} items; it takes up to {ChatMessages.MaxCount}.");
        }

        var index = 0;
        foreach (var item in items.EnumerateArray())
        {
            var place = $"{path}[{index++}]";
            Add(item.ValueKind == JsonValueKind.Object ? new RequestFields(item, place) : throw ApiException.InvalidType(place, "an object", RequestFields.Kind(item)));
        }
    }

    /// <summary>The conversation.</summary>
    /// <exception cref="ApiException">There is nothing in it.</exception>
    public JsonArray Take()
    {
        Flush();
        return _turns.Count > 0 ? _turns : throw ApiException.InvalidValue("input", "'input' is empty; it takes a text or one item or more.");
    }

    private void Add(RequestFields item)
    {
        switch (item.Text("type") ?? "message")
        {
            case "message":
                Message(item);
                break;
            case "reasoning":
                Think(item);
                break;
            case "function_call":
                _calls.Add((JsonNode)new JsonObject
                {
                    ["id"] = item.Text("call_id") ?? throw ApiException.Missing(item.Path("call_id")),
                    ["type"] = "function",
                    ["function"] = new JsonObject
                    {
                        ["name"] = item.Text("name") ?? throw ApiException.Missing(item.Path("name")),
                        ["arguments"] = item.Text("arguments") ?? throw ApiException.Missing(item.Path("arguments")),
                    },
                });
                break;
            case "function_call_output":
                Flush();
                var output = item.Any("output") ?? throw ApiException.Missing(item.Path("output"));
                _turns.Add((JsonNode)new JsonObject
                {
                    ["role"] = "tool",
                    ["content"] = Text(output, item.Path("output")),
                    ["tool_call_id"] = item.Text("call_id") ?? throw ApiException.Missing(item.Path("call_id")),
                });
                break;
            case var other:
                throw ApiException.Unsupported(
                    item.Path("type"), $"'{item.Path("type")}' is '{other}', which is not read here; there are message, function_call, function_call_output and reasoning.");
        }
    }

    private void Message(RequestFields item)
    {
        var role = item.Text("role") ?? throw ApiException.Missing(item.Path("role"));
        if (!Roles.Contains(role))
        {
            throw ApiException.InvalidValue(item.Path("role"), $"'{item.Path("role")}' is '{role}'; it takes {string.Join(", ", Roles)}.");
        }

        var text = Text(item.Any("content") ?? throw ApiException.Missing(item.Path("content")), item.Path("content"));
        if (role != "assistant")
        {
            Say(role, text);
            return;
        }

        if (_said is not null || _calls.Count > 0)
        {
            Flush();
        }

        _said = text;
    }

    private void Think(RequestFields item)
    {
        if (_said is not null || _calls.Count > 0)
        {
            Flush();
        }

        if (item.Any("content") is { ValueKind: JsonValueKind.Array } content && content.GetArrayLength() > 0)
        {
            _thought.Add(Text(content, item.Path("content")));
        }
    }

    private void Say(string role, string text)
    {
        Flush();
        _turns.Add((JsonNode)new JsonObject { ["role"] = role, ["content"] = text });
    }

    private void Flush()
    {
        // Thoughts alone are no turn: what followed them has been left out.
        if (_said is not null || _calls.Count > 0)
        {
            var turn = new JsonObject { ["role"] = "assistant", ["content"] = _said ?? "" };
            if (_calls.Count > 0)
            {
                turn["tool_calls"] = _calls;
            }

            if (_thought.Count > 0)
            {
                turn["reasoning_content"] = string.Join('\n', _thought);
            }

            _turns.Add((JsonNode)turn);
        }

        (_thought, _said, _calls) = ([], null, []);
    }

    private static string Text(JsonElement content, string path) => content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!,
        JsonValueKind.Array => string.Join('\n', content.EnumerateArray().Select((part, i) => Part(part, $"{path}[{i}]"))),
        _ => throw ApiException.InvalidType(path, "a string or an array of parts", RequestFields.Kind(content)),
    };

    private static string Part(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(path, "an object", RequestFields.Kind(element));
        }

        var part = new RequestFields(element, path);
        var name = part.Text("type") switch
        {
            "input_text" or "output_text" or "text" or "reasoning_text" => "text",
            "refusal" => "refusal",
            null => throw ApiException.Missing(part.Path("type")),
            var type => throw ApiException.Unsupported(part.Path("type"), $"'{part.Path("type")}' is '{type}'; the model reads text only."),
        };
        return part.Text(name) ?? throw ApiException.Missing(part.Path(name));
    }
}
