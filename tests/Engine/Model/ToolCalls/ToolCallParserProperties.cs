using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using CsCheck;

namespace Crescent.Tests.Engine.Model.ToolCalls;

public sealed class ToolCallParserProperties
{
    private static readonly Gen<string> Fragments = Gen.OneOf(
        "<tool_call>", "</tool_call>", "<tool_", "call>", "<|python_tag|>", "<|python", "[TOOL_CALLS]", "[TOOL", "[", "]", "{", "}", "\"", "\\", ":", ",", ";",
        " ", "\n", "word", "\"name\"", "\"name\": \"f\"", "\"arguments\": {\"a\": 1}", "\"parameters\": {}", "{\"name\": \"f\", \"arguments\": {}}",
        "{\"name\": \"g\", \"parameters\": {\"x\": [1, \"}\"]}}", "\"id\": \"i\"", "1.5e3", "true", "null", "\\u00e9", "ß😀",
        "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"b\"}}</tool_call>", "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}}]");

    private static readonly Gen<string> Texts = Fragments.List[0, 14].Select(string.Concat);
    private static readonly Gen<ToolCallStyle> Styles = Gen.OneOf(ToolCallStyle.Hermes, ToolCallStyle.Llama, ToolCallStyle.Mistral, ToolCallStyle.None);
    private static readonly Gen<ToolCallDelivery> Deliveries = Gen.OneOf(ToolCallDelivery.Whole, ToolCallDelivery.Incremental);

    [Fact]
    public void The_bounds_of_the_pieces_change_nothing() =>
        Gen.Select(Styles, Deliveries, Texts, Gen.Int[1, 5].Array[1, 6]).Sample(
            (style, delivery, text, lengths) => Assert.Equal(
                Answer.Parse(style, [text], delivery), Answer.Parse(style, Answer.Cut(text, lengths), delivery)),
            iter: 20_000,
            threads: 1);

    [Fact]
    public void Content_once_given_is_never_part_of_a_call() =>
        Gen.Select(Styles, Texts, Gen.Int[1, 5].Array[1, 6]).Sample(
            (style, text, lengths) =>
            {
                var parser = new ToolCallParser(style, index => "id");
                var deltas = new List<AnswerDelta>();
                var given = 0;
                foreach (var piece in Answer.Cut(text, lengths))
                {
                    parser.Append(piece, deltas);
                    given += piece.Length;

                    // Had the answer ended differently, what was given would still be a beginning of it.
                    var soFar = string.Concat(deltas.Select(delta => delta.Content));
                    foreach (var ending in new[] { "", "</tool_call>", "}}</tool_call>", "}]" })
                    {
                        var whole = Answer.Parse(style, [text[..given] + ending]);
                        var content = string.Concat(whole.Where(part => !part.StartsWith("call ", StringComparison.Ordinal)));
                        Assert.StartsWith(soFar, content, StringComparison.Ordinal);
                    }
                }
            },
            iter: 3_000,
            threads: 1);

    [Fact]
    public void Nothing_is_lost() =>
        Gen.Select(Styles, Texts).Sample(
            (style, text) =>
            {
                var parts = Answer.Parse(style, [text]);
                if (parts.TrueForAll(part => !part.StartsWith("call ", StringComparison.Ordinal)))
                {
                    Assert.Equal(text, string.Concat(parts));
                }

                // Every part stands in the text, in order, with nothing but markers, brackets and the other keys of calls between.
                var at = 0;
                foreach (var part in parts)
                {
                    var wanted = part.StartsWith("call ", StringComparison.Ordinal) ? part.Split(' ', 5)[4] : part;
                    var found = text.IndexOf(wanted, at, StringComparison.Ordinal);
                    Assert.True(found >= at || wanted == "{}", $"{part} is not in order");
                    at = Math.Max(at, found + wanted.Length);
                }
            },
            iter: 10_000,
            threads: 1);

    [Fact]
    public void Well_formed_calls_come_out_as_they_were_written()
    {
        var texts = Gen.OneOf("a", "Two words.", "1 < 2 {x} [y]", "ß😀", "line\nline");
        var arguments = Gen.OneOf("{}", "{\"a\": 1}", "{\"a\":{\"b\":[\"</tool_call>\",\"]}\",-1.5e-3,null]}}", "{ \"é\\n\" : \"\\\"\" }");
        var calls = Gen.Select(Gen.OneOf("f", "get_weather"), arguments);
        Gen.Select(texts.Null(), calls.List[1, 4], Gen.Int[1, 9].Array[1, 5], Deliveries).Sample(
            (content, list, lengths, delivery) =>
            {
                List<string> expected = [.. content is null ? [] : new[] { content }, .. list.Select((call, i) => $"call {i} id{i} {call.Item1} {call.Item2}")];
                var hermes = string.Join("\n", list.Select(call => $"<tool_call>\n{{\"name\": \"{call.Item1}\", \"arguments\": {call.Item2}}}\n</tool_call>"));
                var mistral = "[TOOL_CALLS][" + string.Join(", ", list.Select(call => $"{{\"name\": \"{call.Item1}\", \"arguments\": {call.Item2}}}")) + "]";
                var llama = "<|python_tag|>" + string.Join("; ", list.Select(call => $"{{\"name\": \"{call.Item1}\", \"parameters\": {call.Item2}}}"));
                Assert.Equal(expected, Answer.Parse(ToolCallStyle.Hermes, Answer.Cut($"{content}\n{hermes}\n", lengths), delivery));
                Assert.Equal(expected, Answer.Parse(ToolCallStyle.Mistral, Answer.Cut($"{content}{mistral}", lengths), delivery));
                Assert.Equal(expected, Answer.Parse(ToolCallStyle.Llama, Answer.Cut($"{content}\n\n{llama}", lengths), delivery));
            },
            iter: 2_000,
            threads: 1);
    }

    [Fact]
    public void The_scanner_accepts_what_is_JSON_and_nothing_else()
    {
        var pieces = Gen.OneOf("{", "}", "[", "]", "\"", "a", "\\n", "\\u00E9", "\\x", ":", ",", "0", "1", "-", ".", "5", "e", "E+", "true", "null", "fals", " ", "\n", "\"k\":", "[1]", "{}");
        pieces.List[1, 9].Select(string.Concat).Sample(
            text =>
            {
                text = text.TrimStart();
                var scanner = default(JsonScanner);

                // A number has no end of its own: white space is one.
                var accepted = true;
                foreach (var c in text + " ")
                {
                    accepted = accepted && scanner.Read(c);
                }

                Assert.Equal(IsJson(text), accepted && scanner.Depth == 0 && scanner.State == JsonState.After);
            },
            iter: 20_000,
            threads: 1);
    }

    private static bool IsJson(string text)
    {
        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
