using System.Text;
using Crescent.Engine.Model.Thoughts;

namespace Crescent.Tests.Engine.Model.Thoughts;

public sealed class ThoughtParserTests
{
    private static readonly ThoughtMarks Marks = new("<think>", "</think>");

    [Theory]
    [InlineData("<think>\nLet me see. \n</think>\n\n23 + 48 = 71", false, "Let me see.", "23 + 48 = 71")]
    [InlineData("\n<think>a < b </thin </think>c</think>", false, "a < b </thin", "c</think>")]
    [InlineData("a\n\n b</think> c", true, "a\n\n b", "c")]
    [InlineData("<think>\n\n</think>\n\nYes.", false, "", "Yes.")]
    [InlineData("<think>never said </th", false, "never said </th", "")]
    [InlineData("Yes. <think>no</think>", false, "", "Yes. <think>no</think>")]
    [InlineData("  <thin", false, "", "  <thin")]
    [InlineData("", true, "", "")]
    [InlineData("<think>a</think>", false, "a", "")]
    public void What_is_thought_and_what_is_said_are_the_same_in_whatever_pieces_they_come(string answer, bool isOpen, string thought, string said)
    {
        for (var length = 1; length <= Math.Max(1, answer.Length); length++)
        {
            var parser = new ThoughtParser(Marks, isOpen);
            var (thoughts, words) = (new StringBuilder(), new StringBuilder());
            var at = 0;
            do
            {
                var piece = answer[at..Math.Min(answer.Length, at + length)];
                at += length;
                parser.Append(piece, at >= answer.Length, out var more, out var heard);
                thoughts.Append(more);
                words.Append(heard);
            }
            while (at < answer.Length);
            Assert.Equal((thought, said), (thoughts.ToString(), words.ToString()));
        }
    }

    [Theory]
    [InlineData("{{ '<think>\\n' }}", null)]
    [InlineData("{% set content = content.split('</think>')[-1] %}", "<think>")]
    [InlineData("[THINK]x[/THINK]", "[THINK]")]
    [InlineData("{{ message.content }}", null)]
    public void A_template_tells_what_stands_around_thoughts(string template, string? opening) => Assert.Equal(opening, ThoughtMarks.Detect(template)?.Opening);
}
