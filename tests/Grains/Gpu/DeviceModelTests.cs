using Crescent.Engine.Model;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Configuration;
using Crescent.Grains.Gpu;
using Crescent.Grains.Models;

namespace Crescent.Tests.Grains.Gpu;

public sealed class DeviceModelTests : IDisposable
{
    private readonly LanguageModel _file = LanguageModel.Open(TestFiles.TinyModel);
    private readonly ServedModel _first;
    private readonly ServedModel _second;
    private readonly DeviceModel _model;

    public DeviceModelTests()
    {
        (_first, _second) = (Served("first"), Served("second"));
        _model = new DeviceModel(new DevicePlan("cpu", static (_, _, _) => throw new NotSupportedException(), _first));
    }

    public void Dispose() => _file.Dispose();

    [Fact]
    public void It_is_closed_for_another_once_it_is_empty_or_out_of_time()
    {
        Assert.False(_model.IsDue(0, 0));
        _model.Want(_second, dueAt: 10);
        Assert.False(_model.IsDue(1, 9.9));
        Assert.True(_model.IsDue(0, 9.9));
        Assert.True(_model.IsDue(1, 10));
        Assert.Same(_second, _model.Next);
        _model.Opened(_second);
        Assert.Null(_model.Wanted);
        Assert.Same(_second, _model.Next);
    }

    [Fact]
    public void The_one_that_it_serves_takes_the_wish_back()
    {
        _model.Want(_second, dueAt: 10);
        _model.Want(_first, dueAt: 20);
        Assert.Null(_model.Wanted);
        Assert.False(_model.IsDue(0, 100));
    }

    [Fact]
    public void Where_the_other_cannot_be_opened_it_goes_back_and_says_why()
    {
        _model.Want(_second, dueAt: 0);
        Assert.True(_model.GiveUp(_second, "no room"));
        Assert.Same(_first, _model.Next);
        Assert.Equal("'second' could not be opened: no room", _model.Fault);

        // A device that fails with the model that it has is sick.
        Assert.False(_model.GiveUp(_first, "no room"));
        _model.Want(_second, dueAt: 0);
        Assert.Null(_model.Fault);
    }

    [Fact]
    public void A_wish_that_comes_while_it_is_opened_stands()
    {
        _model.Want(_second, dueAt: 0);
        _model.Want(_first, dueAt: 0);
        _model.Opened(_second);
        Assert.Same(_first, _model.Wanted);
        Assert.Same(_first, _model.Next);
    }

    private ServedModel Served(string name) => new(_file, new GrammarCache(_file.Tokenizer), DateTimeOffset.UnixEpoch, name);
}
