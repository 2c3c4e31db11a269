using Crescent.Control.Kv;
using Crescent.Engine.Kv;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Control.Kv;

public class KvPredictionTests
{
    private static readonly BlockHash[] Prompt = Chains.Make(trunk: 1, shared: 70, number: 1, length: 90);
    private static readonly BlockHash[] Sibling = Chains.Make(trunk: 1, shared: 70, number: 2, length: 100);

    private readonly ManualTime _time = new();
    private readonly KvIndex _index;
    private readonly int _first;
    private readonly int _second;

    public KvPredictionTests()
    {
        _index = new KvIndex(_time);
        (_first, _second) = (_index.AddDevice(), _index.AddDevice());
    }

    [Fact]
    public void A_sibling_finds_the_blocks_that_are_about_to_be_stored()
    {
        _index.Predict(_second, Prompt, KvIndex.DefaultPrediction);
        Assert.Equal([0, 70], Overlap(Sibling));
        Assert.Equal([0, 90], Overlap(Prompt));
        Assert.Equal(0, _index.BlocksOf(_second));
    }

    [Fact]
    public void A_prediction_ends_with_its_time()
    {
        _index.Predict(_second, Prompt, KvIndex.DefaultPrediction);
        _time.Advance(TimeSpan.FromSeconds(4.99));
        Assert.Equal([0, 70], Overlap(Sibling));
        _time.Advance(TimeSpan.FromSeconds(0.01));
        Assert.Equal([0, 0], Overlap(Sibling));
        Assert.Equal(0, _index.Predictions);
    }

    [Fact]
    public void A_prediction_that_is_made_again_holds_longer()
    {
        _index.Predict(_second, Prompt, KvIndex.DefaultPrediction);
        _time.Advance(TimeSpan.FromSeconds(4));
        _index.Predict(_second, Prompt, KvIndex.DefaultPrediction);
        Assert.Equal(1, _index.Predictions);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal([0, 90], Overlap(Prompt));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([0, 0], Overlap(Prompt));
    }

    [Fact]
    public void Events_confirm_a_prediction_so_that_evictions_count_at_once()
    {
        _index.Predict(_second, Prompt, KvIndex.DefaultPrediction);
        _index.Stored(_second, Prompt.AsSpan(0, 89));
        Assert.Equal(1, _index.Predictions);
        _index.Stored(_first, Prompt);
        Assert.Equal(1, _index.Predictions);
        _index.Stored(_second, Prompt.AsSpan(89));
        Assert.Equal(0, _index.Predictions);
        _index.Evicted(_second, Prompt.AsSpan(40));
        Assert.Equal([90, 40], Overlap(Prompt));
    }

    [Fact]
    public void A_reset_device_is_predicted_to_hold_nothing()
    {
        _index.Predict(_first, Prompt, KvIndex.DefaultPrediction);
        _index.Predict(_second, Prompt, KvIndex.DefaultPrediction);
        _index.Reset(_second);
        Assert.Equal([90, 0], Overlap(Prompt));
        _index.RemoveDevice(_first);
        Assert.Equal([0, 0], Overlap(Prompt));
        Assert.Equal(0, _index.Predictions);
    }

    [Fact]
    public void Of_too_many_predictions_the_oldest_give_way()
    {
        var chains = Enumerable.Range(0, 2_000).Select(static i => Chains.Make(trunk: 100 + i, shared: 2, number: 0, length: 2)).ToArray();
        foreach (var chain in chains)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            _index.Predict(_first, chain, KvIndex.DefaultPrediction);
        }

        Assert.Equal(1024, _index.Predictions);
        Assert.Equal([0, 0], Overlap(chains[2_000 - 1025]));
        Assert.Equal([2, 0], Overlap(chains[2_000 - 1024]));
        Assert.Equal([2, 0], Overlap(chains[^1]));
    }

    private int[] Overlap(BlockHash[] chain) => KvIndexTests.Overlap(_index, chain);
}
