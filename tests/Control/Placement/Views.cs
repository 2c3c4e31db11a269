using Crescent.Control.Placement;
using Crescent.Engine.Devices;

namespace Crescent.Tests.Control.Placement;

/// <summary>Makes factory views for the tests of placement.</summary>
internal static class Views
{
    /// <summary>Of the size of a model of some ten billion parameters on an H100.</summary>
    public static readonly DeviceProfile Gpu = new()
    {
        StepSeconds = 0.008,
        SequenceSeconds = 5e-5,
        ContextSeconds = 4e-8,
        PromptSeconds = 3e-5,
        ClockShare = 0.3,
        IdleWatts = 75,
        AwakeWatts = 110,
        StaticWatts = 119,
        DecodeBaseWatts = 300,
        DecodeSpanWatts = 300,
        DecodeMidpoint = 4.2,
        PrefillWatts = 679,
        MinCapWatts = 200,
        MaxCapWatts = 700,
    };

    public static readonly DeviceLoad Idle = new()
    {
        BlockSize = 16,
        TotalBlocks = 1000,
        FreeBlocks = 1000,
        MaxContext = 8192,
        MaxStepTokens = 512,
        StepSeconds = 0.01,
        Watts = 75,
        CapWatts = 700,
    };

    public static string Key(int number) => $"silo-{number}/gpu";

    /// <summary>A view of devices <c>silo-0/gpu</c>, <c>silo-1/gpu</c>, …, all just heard of.</summary>
    public static FactoryView Of(params DeviceLoad[] loads)
    {
        var view = new FactoryView { Now = 100 };
        for (var i = 0; i < loads.Length; i++)
        {
            view.Add(new DeviceState { Key = Key(i), Profile = Gpu, Load = loads[i], HeardAt = 100, Reachable = true });
        }

        return view;
    }

    public static PlacementCall Call(long number = 0, int prompt = 64, int max = 64, string? avoid = null, string? prefer = null) =>
        new(number, prompt, max, max, ServiceLevel.Standard, avoid is null ? null : [avoid], prefer);
}
