using Crescent.Control.Placement;

namespace Crescent.Tests.Control.Placement;

public sealed class OutputLengthsTests
{
    private readonly OutputLengths _lengths = new();

    [Theory]
    [InlineData(0, 1)]
    [InlineData(40, 40)]
    [InlineData(4000, OutputLengths.Unknown)]
    public void A_class_without_ended_calls_is_expected_to_use_its_limit_up_to_a_bound(int limit, double expected) =>
        Assert.Equal(expected, _lengths.Expect("", limit));

    [Fact]
    public void The_expectation_follows_what_calls_of_the_class_come_to()
    {
        Learn("chat", 1000, 100, 200);
        Assert.Equal(100, _lengths.Expect("chat", 1000), 1.0);
        Assert.Equal(OutputLengths.Unknown, _lengths.Expect("batch", 1000));
        Learn("chat", 1000, 600, 200);
        Assert.Equal(600, _lengths.Expect("chat", 1000), 1.0);
    }

    [Fact]
    public void Limits_of_another_size_have_a_mean_of_their_own()
    {
        Learn("chat", 4000, 100, 200);
        Assert.Equal(60, _lengths.Expect("chat", 60));
        Assert.Equal(75, _lengths.Expect("chat", 3000), 1.0);
    }

    [Fact]
    public void One_call_moves_the_expectation_a_little()
    {
        _lengths.Learn("chat", 1000, 1000);
        Assert.InRange(_lengths.Expect("chat", 1000), OutputLengths.Unknown + 1, 400);
    }

    [Fact]
    public void Of_too_many_classes_the_one_that_ended_no_call_for_longest_is_forgotten()
    {
        Learn("first", 100, 1, 200);
        Learn("second", 100, 1, 200);
        for (var i = 0; i < OutputLengths.MaxClasses - 1; i++)
        {
            _lengths.Learn($"other-{i}", 100, 1);
        }

        Assert.Equal(100, _lengths.Expect("first", 100));
        Assert.Equal(1, _lengths.Expect("second", 100), 1.0);
    }

    private void Learn(string name, int limit, int tokens, int times)
    {
        for (var i = 0; i < times; i++)
        {
            _lengths.Learn(name, limit, tokens);
        }
    }
}
