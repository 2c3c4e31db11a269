using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Configuration;
using Crescent.Grains.Models;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Bench.Serve;

/// <summary>
/// <c>serve-silo</c>: a silo as it is started everywhere else, but that its device computes nothing. It answers questions on its standard input, a line each:
/// <c>cost</c> prints a <see cref="SiloCost"/>, <c>step MS</c> sets what a step takes, and the end of the input ends it.
/// </summary>
internal static class SiloCommand
{
    /// <summary>The line that says it serves, before its address.</summary>
    public const string Ready = "serving at ";

    private const int Blocks = 1 << 18;
    private const int MaxRunning = 1024;

    public static Command Create()
    {
        var settings = new Argument<string[]>("settings") { Description = "KEY=VALUE of the configuration." };
        var command = new Command("serve-silo", "A silo of 'serve'.") { settings };
        command.Hidden = true;
        command.SetAction((parse, cancellationToken) => Run(parse.GetRequiredValue(settings), cancellationToken));
        return command;
    }

    private static async Task Run(string[] settings, CancellationToken cancellationToken)
    {
        var configuration = Settings.Load(settings.Select(static s => new KeyValuePair<string, string?>(s[..s.IndexOf('=', StringComparison.Ordinal)], s[(s.IndexOf('=', StringComparison.Ordinal) + 1)..])));
        var identity = SiloIdentity.Resolve(Settings.Read<ClusterOptions>(configuration));
        IdleDevice? device = null;
        await using var silo = SiloHost.Build(configuration, identity, services =>
        {
            if (identity.HasDevices)
            {
                var planned = (CrescentSiloOptions)services.Last(static s => s.ServiceType == typeof(CrescentSiloOptions)).ImplementationInstance!;
                services.AddSingleton(new CrescentSiloOptions
                {
                    Model = planned.Model,
                    Models = planned.Models,
                    Role = planned.Role,
                    Devices = [new DevicePlan("instant", (_, sink, model) => Open(sink, model!, out device), planned.Devices[0].Model)],
                });
            }
        });
        await silo.Start(cancellationToken);
        Console.WriteLine(Ready + (silo.Urls.Count > 0 ? silo.Urls[0] : "none"));
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line == "cost")
            {
                Console.WriteLine(JsonSerializer.Serialize(new SiloCost
                {
                    CpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds,
                    AllocatedBytes = GC.GetTotalAllocatedBytes(),
                    Steps = silo.Services.GetRequiredService<Crescent.Grains.Gpu.DeviceRegistry>().Devices.Sum(static d => d.Engine.State.Steps),
                }));
            }
            else if (device is not null)
            {
                device.Step = Step(int.Parse(line.AsSpan("step ".Length), CultureInfo.InvariantCulture));
            }
        }

        await silo.Stop();
    }

    private static OwnedEngine Open(IEngineSink sink, ServedModel served, out IdleDevice device)
    {
        var text = served.Model;
        var options = new EngineOptions { MaxRunning = MaxRunning, MaxWaiting = 4 * MaxRunning, MaxStepTokens = 8192 };
        device = new IdleDevice(Blocks, 2 * MaxRunning, text.Tokenizer.VocabularySize, name: "instant", tokens: text.Tokenizer.Encode(" a few words and no more", parseSpecial: false))
        {
            Step = Step(0),
        };
        var paced = new PacedDevice(device);
        var engine = new InferenceEngine(
            paced, text.Tokenizer, served.Name, sink, new CpuPowerModel(1), options, grammars: served.Grammars);
        return new OwnedEngine(engine, new EngineDriver(engine), engine, paced);
    }

    // A step that took no time at all would make what is learned of its cost infinite.
    private static TimeSpan Step(int milliseconds) => milliseconds > 0 ? TimeSpan.FromMilliseconds(milliseconds) : TimeSpan.FromMicroseconds(20);
}
