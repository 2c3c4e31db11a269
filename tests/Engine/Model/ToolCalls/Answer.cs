using System.Text;
using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Tests.Engine.Model.ToolCalls;

/// <summary>What a client puts together from the pieces of an answer: content and calls, in order.</summary>
internal static class Answer
{
    /// <summary>Parses an answer that comes in pieces, as lines of "content" and "call index id name arguments".</summary>
    public static List<string> Parse(ToolCallStyle style, IEnumerable<string> pieces, ToolCallDelivery delivery = ToolCallDelivery.Whole)
    {
        var parser = new ToolCallParser(style, index => $"id{index}", delivery);
        var deltas = new List<AnswerDelta>();
        foreach (var piece in pieces)
        {
            parser.Append(piece, deltas);
        }

        parser.Complete(deltas);
        return Merge(deltas);
    }

    /// <summary>Joins neighbouring pieces.</summary>
    public static List<string> Merge(IEnumerable<AnswerDelta> deltas)
    {
        var parts = new List<string>();
        var (current, isContent, calls) = (new StringBuilder(), true, 0);
        void Flush()
        {
            if (current.Length > 0)
            {
                parts.Add(current.ToString());
                current.Clear();
            }
        }

        foreach (var delta in deltas)
        {
            if (delta.Content is { } content)
            {
                Assert.Null(delta.Call);
                Assert.NotEmpty(content);
                if (!isContent)
                {
                    Flush();
                }

                current.Append(content);
                isContent = true;
                continue;
            }

            var call = delta.Call!.Value;
            if (call.Name is not null)
            {
                Flush();
                Assert.Equal(calls++, call.Index);
                current.Append("call ").Append(call.Index).Append(' ').Append(call.Id).Append(' ').Append(call.Name).Append(' ');
            }

            Assert.Equal(call.Name is null, call.Id is null);
            Assert.Equal(calls - 1, call.Index);
            Assert.False(isContent && call.Name is null, "arguments after content");
            isContent = false;
            current.Append(call.Arguments);
        }

        Flush();
        return parts;
    }

    /// <summary>Cuts a text at places that <paramref name="lengths"/> tell, over and over.</summary>
    public static IEnumerable<string> Cut(string text, int[] lengths)
    {
        for (int at = 0, i = 0; at < text.Length; i++)
        {
            var length = Math.Min(text.Length - at, lengths[i % lengths.Length]);
            yield return text.Substring(at, length);
            at += length;
        }
    }
}
