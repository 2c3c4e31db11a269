using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Sampling.Grammars;

public sealed class GrammarStateTests
{
    private static readonly int End = GrammarWalk.Tiny.Tokenizer.EndOfSequence!.Value;

    [Fact]
    public void The_end_token_is_allowed_only_where_the_text_is_whole()
    {
        var state = GrammarWalk.Compile(GrammarSource.Choice(["yes", "yes!", "no"])).Start();
        Assert.False(state.Advance(End));
        Take(state, "yes");
        Assert.True(state.CanTerminate);
        Assert.False(state.IsComplete);
        var fork = state.Fork();
        Take(fork, "!");
        Assert.True(fork.IsComplete);
        Assert.False(state.IsComplete);
        Assert.True(state.Advance(End));
        Assert.True(state.IsEnded);
        Assert.False(state.Advance(End));
        Assert.False(fork.IsEnded);
    }

    [Fact]
    public void A_token_that_is_not_allowed_changes_nothing()
    {
        var state = GrammarWalk.Compile(GrammarSource.Choice(["yes"])).Start();
        Assert.False(state.Advance(Token("n")));
        Assert.False(state.Advance(Token("<|im_start|>")));
        Take(state, "yes");
        Assert.True(state.IsComplete);
    }

    [Fact]
    public void Text_before_and_after_is_part_of_the_grammar()
    {
        var grammar = GrammarWalk.Compile(GrammarSource.JsonSchema("""{"type":"object","properties":{"name":{"const":"add"}},"required":["name"]}""") with
        {
            Before = "<tool_call>\n",
            After = "\n</tool_call>",
        });
        Assert.True(grammar.Accepts("<tool_call>\n{\"name\": \"add\"}\n</tool_call>"));
        Assert.False(grammar.Accepts("{\"name\": \"add\"}"));
    }

    [Fact]
    public void A_choice_of_nothing_is_refused() =>
        Assert.Contains("needs one text", Assert.Throws<GrammarException>(() => GrammarWalk.Compile(GrammarSource.Choice([]))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_grammar_of_too_many_readings_ends_in_an_empty_mask_and_not_in_a_stall()
    {
        var state = GrammarWalk.Compile(GrammarSource.Regex("(a|b)*a(a|b){10000}c")).Start();
        var taken = 0;
        while (state.Advance(Token("a")))
        {
            taken++;
        }

        Assert.InRange(taken, 100, 10_000);
        Assert.False(state.CanTerminate);
    }

    private static int Token(string text) => Assert.Single(GrammarWalk.Tiny.Tokenizer.Encode(text, parseSpecial: true));

    private static void Take(GrammarState state, string text)
    {
        foreach (var token in GrammarWalk.Tiny.Tokenizer.Encode(text, parseSpecial: false))
        {
            Assert.True(state.Advance(token));
        }
    }
}
