using Crescent.Silo.Admission;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Silo.Admission;

public sealed class RetryAdviceTests
{
    private readonly ManualTime _time = new();
    private readonly RetryAdvice _advice;

    public RetryAdviceTests()
    {
        _advice = new RetryAdvice(_time);
    }

    [Fact]
    public void The_more_are_refused_the_later_they_are_to_come_back()
    {
        var advised = Enumerable.Range(0, 500).Select(_ => _advice.Refused()).ToList();
        Assert.Equal(RetryAdvice.Least, advised[0]);
        Assert.Equal(advised.Order(), advised);
        Assert.InRange(advised[39].TotalSeconds, 15, 25);
        Assert.Equal(RetryAdvice.Most, advised[^1]);
    }

    [Fact]
    public void Who_is_served_makes_room_for_who_is_refused()
    {
        for (var i = 0; i < 1000; i++)
        {
            _advice.Served();
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(RetryAdvice.Least, _advice.Refused());
        }

        for (var i = 0; i < 900; i++)
        {
            _advice.Refused();
        }

        Assert.InRange(_advice.Refused().TotalSeconds, 8, 12);
    }

    [Fact]
    public void A_burst_is_forgotten()
    {
        for (var i = 0; i < 500; i++)
        {
            _advice.Refused();
        }

        _time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(RetryAdvice.Least, _advice.Refused());
    }
}
