using Crescent.Agents.Votes;

namespace Crescent.Tests.Agents.Votes;

public sealed class AnswerTextTests
{
    [Theory]
    [InlineData("Step 1: 3 * 4 = 12\nAnswer: 24", "24")]
    [InlineData("Answer: 3\nno\n**Answer:** 24.", "24")]
    [InlineData("The answer is: $1,200", "$1,200")]
    [InlineData("so #### 18", "18")]
    [InlineData("thus \\boxed{42} holds", "42")]
    [InlineData("The final answer: \\boxed{42}.", "42")]
    [InlineData("23 + 48 = 71", "71")]
    [InlineData("Paris\n", "Paris")]
    public void It_finds_the_answer(string text, string answer) => Assert.Equal(answer, AnswerText.Of(text));

    [Theory]
    [InlineData("1,200", "1200")]
    [InlineData("$1200.00", "1200")]
    [InlineData(" Paris. ", "paris")]
    [InlineData("1e3", "1000")]
    [InlineData("**24**", "24")]
    public void One_form_for_all_ways_to_write_it(string answer, string form) => Assert.Equal(form, AnswerText.Normalise(answer));

    [Fact]
    public void Nothing_is_no_answer()
    {
        Assert.Null(AnswerText.Of(" \n "));
        Assert.Null(AnswerText.Marked("no mark here"));
        Assert.Equal("12", AnswerText.After("12 = 12\nResult: 12", "Result:"));
    }
}
