using System.Diagnostics;
using Crescent.Client.Load.Measures;

namespace Crescent.Tests.Client.Load;

public sealed class LoadMeasuresTests
{
    private static readonly long Second = Stopwatch.Frequency;

    [Theory]
    [InlineData(3.0, 0, 1)]
    [InlineData(1.0, 0, 0)]
    [InlineData(9.0, 1.5, 0)]
    [InlineData(11.0, 1.5, 1)]
    [InlineData(3.0, 2.5, 1)]
    public void A_call_that_is_cut_off_counts_against_the_SLO_once_it_has_broken_it(double age, double first, long overdue)
    {
        var measures = new LoadMeasures(Slo.Parse("ttft=2s,latency=10s"));
        measures.Add(new CallRecord { Intended = Second, Dispatched = Second, Started = Second, First = first > 0 ? (long)((1 + first) * Second) : 0, Ended = (long)((1 + age) * Second), End = CallEnd.Unfinished });
        Assert.Equal((0L, overdue), (measures.Tried, measures.Overdue));
    }

    [Fact]
    public void Tokens_a_chunk_are_those_of_all_answers_over_their_chunks()
    {
        var measures = new LoadMeasures();
        foreach (var (tokens, chunks) in new[] { (10, 1), (1000, 1000) })
        {
            measures.Add(new CallRecord { End = CallEnd.Whole, Chunks = chunks, ToldTokens = tokens });
        }

        Assert.Equal(1010.0 / 1001, measures.MeanTokensPerChunk, 9);
    }
}
