namespace Crescent.Grains.Telemetry;

/// <summary>A <see cref="Engine.Devices.DeviceProfile"/> on its way; the engine knows no Orleans. What is missing arrives as 0, which is the default of every member.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.DeviceProfile")]
public struct DeviceProfileSurrogate
{
    [Id(0)] public double StepSeconds { get; set; }

    [Id(1)] public double SequenceSeconds { get; set; }

    [Id(2)] public double ContextSeconds { get; set; }

    [Id(3)] public double PromptSeconds { get; set; }

    [Id(4)] public double PromptPairSeconds { get; set; }

    [Id(5)] public double ClockShare { get; set; }

    [Id(6)] public double IdleWatts { get; set; }

    [Id(7)] public double AwakeWatts { get; set; }

    [Id(8)] public double StaticWatts { get; set; }

    [Id(9)] public double DecodeBaseWatts { get; set; }

    [Id(10)] public double DecodeSpanWatts { get; set; }

    [Id(11)] public double DecodeMidpoint { get; set; }

    [Id(12)] public double PrefillWatts { get; set; }

    [Id(13)] public double MinCapWatts { get; set; }

    [Id(14)] public double MaxCapWatts { get; set; }
}
