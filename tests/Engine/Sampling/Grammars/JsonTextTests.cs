using System.Text.Json;
using Crescent.Engine.Sampling.Grammars;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling.Grammars;

public sealed class JsonTextTests
{
    private static readonly string[] Pieces = ["a", "ß", "水", "😀", " ", "\\\\", "\\n", "\\u0041", "\\ud83d", "\\ude00", "\\uD83D\\uDE00", "u", "\\\\ud83d", "\\\"", "\\u3000", "\u00a0", "\u2003"];

    [Fact]
    public void A_string_is_readable_where_dotnet_can_read_it() => Gen.OneOf(Pieces).List[0, 8].Select(string.Concat).Sample(
        raw =>
        {
            using var document = JsonDocument.Parse($"{{\"{raw}\":[1,\"{raw}\",null]}}");
            var expected = CanRead(document.RootElement);
            Assert.Equal(expected, Passes(document.RootElement));
        },
        iter: 3000,
        threads: 1);

    [Fact]
    public void Solid_bytes_are_never_more_than_those_of_the_text_without_white_space() => Gen.OneOf(Pieces).List[0, 8].Select(string.Concat).Sample(
        raw =>
        {
            using var document = JsonDocument.Parse($"\"{raw}\"");
            if (CanRead(document.RootElement))
            {
                var text = string.Concat(document.RootElement.GetString()!.Where(static c => !char.IsWhiteSpace(c)));
                var solid = JsonText.SolidBytes(System.Text.Encoding.UTF8.GetBytes(raw));
                Assert.InRange(solid, text.Count(static c => c is 'a' or 'u'), System.Text.Encoding.UTF8.GetByteCount(text));
            }
        },
        iter: 3000,
        threads: 1);

    [Fact]
    public void A_long_string_is_looked_at_where_it_lies()
    {
        using var document = JsonDocument.Parse($"[\"{new string('x', 1 << 20)}\\n\\ud83d\\ude00\"]");
        JsonText.Check(document.RootElement);
        var before = GC.GetAllocatedBytesForCurrentThread();
        JsonText.Check(document.RootElement);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 10);
    }

    private static bool Passes(JsonElement element)
    {
        try
        {
            JsonText.Check(element);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool CanRead(JsonElement element)
    {
        try
        {
            _ = element.ValueKind == JsonValueKind.Object
                ? element.EnumerateObject().Single().Name + element.EnumerateObject().Single().Value[1].GetString()
                : element.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
