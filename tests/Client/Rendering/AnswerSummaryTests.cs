using Crescent.Client.Conversations;
using Crescent.Client.Rendering;

namespace Crescent.Tests.Client.Rendering;

public sealed class AnswerSummaryTests
{
    private static readonly Answer Whole = new() { Text = "71", FinishReason = "stop", Usage = FakeFactory.Usage, JoulesSource = "model" };

    [Fact]
    public void Speed_counts_the_tokens_after_the_first_over_the_decode_time()
    {
        Assert.Equal(20, Whole.TokensPerSecond!.Value, 1e-9);
        Assert.Contains("12 tokens in, 5 out · 20.0 tokens/s", AnswerSummary.Of(Whole));
    }

    [Fact]
    public void An_answer_of_one_token_has_no_speed()
    {
        var one = Whole with { Usage = FakeFactory.Usage with { CompletionTokens = 1, DecodeSeconds = 0 } };
        Assert.Null(one.TokensPerSecond);
        Assert.DoesNotContain("tokens/s", AnswerSummary.Of(one));
    }

    [Fact]
    public void Only_joules_of_a_model_are_called_modelled()
    {
        Assert.Contains("1.50 J modelled", AnswerSummary.Of(Whole));
        Assert.DoesNotContain("modelled", AnswerSummary.Of(Whole with { JoulesSource = "rapl" }));
        Assert.Contains("1.50 J (rapl)", AnswerSummary.Of(Whole with { JoulesSource = "rapl" }));
        Assert.Contains("1.50 J simulated", AnswerSummary.Of(Whole with { Usage = FakeFactory.Usage with { Simulated = true } }));
        Assert.Contains("1.50 J modelled (500 mJ of it estimated)", AnswerSummary.Of(Whole with { Usage = FakeFactory.Usage with { EstimatedJoules = 0.5 } }));
    }

    [Fact]
    public void An_answer_at_the_limit_says_so() =>
        Assert.EndsWith("cut at the token limit", AnswerSummary.Of(Whole with { FinishReason = "length" }), StringComparison.Ordinal);

    [Fact]
    public void An_answer_without_usage_says_why()
    {
        Assert.Equal("cancelled", AnswerSummary.Of(new Answer { Text = "", FinishReason = Answer.Cancelled }));
        Assert.Equal("no usage reported", AnswerSummary.Of(new Answer { Text = "", FinishReason = "stop" }));
    }
}
