using Crescent.Engine.Devices;

namespace Crescent.Grains.Telemetry;

/// <summary>Lets <see cref="DeviceProfile"/> cross Orleans.</summary>
[RegisterConverter]
public sealed class DeviceProfileConverter : IConverter<DeviceProfile, DeviceProfileSurrogate>
{
    public DeviceProfile ConvertFromSurrogate(in DeviceProfileSurrogate surrogate) => new()
    {
        StepSeconds = surrogate.StepSeconds,
        SequenceSeconds = surrogate.SequenceSeconds,
        ContextSeconds = surrogate.ContextSeconds,
        PromptSeconds = surrogate.PromptSeconds,
        PromptPairSeconds = surrogate.PromptPairSeconds,
        ClockShare = surrogate.ClockShare,
        IdleWatts = surrogate.IdleWatts,
        AwakeWatts = surrogate.AwakeWatts,
        StaticWatts = surrogate.StaticWatts,
        DecodeBaseWatts = surrogate.DecodeBaseWatts,
        DecodeSpanWatts = surrogate.DecodeSpanWatts,
        DecodeMidpoint = surrogate.DecodeMidpoint,
        PrefillWatts = surrogate.PrefillWatts,
        MinCapWatts = surrogate.MinCapWatts,
        MaxCapWatts = surrogate.MaxCapWatts,
    };

    public DeviceProfileSurrogate ConvertToSurrogate(in DeviceProfile value) => new()
    {
        StepSeconds = value.StepSeconds,
        SequenceSeconds = value.SequenceSeconds,
        ContextSeconds = value.ContextSeconds,
        PromptSeconds = value.PromptSeconds,
        PromptPairSeconds = value.PromptPairSeconds,
        ClockShare = value.ClockShare,
        IdleWatts = value.IdleWatts,
        AwakeWatts = value.AwakeWatts,
        StaticWatts = value.StaticWatts,
        DecodeBaseWatts = value.DecodeBaseWatts,
        DecodeSpanWatts = value.DecodeSpanWatts,
        DecodeMidpoint = value.DecodeMidpoint,
        PrefillWatts = value.PrefillWatts,
        MinCapWatts = value.MinCapWatts,
        MaxCapWatts = value.MaxCapWatts,
    };
}
