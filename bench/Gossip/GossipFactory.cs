using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Kv;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Crescent.Lab.Virtual;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Serialization;

namespace Crescent.Bench.Gossip;

/// <summary>One silo's ledger and index of caches in a cluster whose other silos are made up.</summary>
internal sealed class GossipFactory : IDisposable
{
    private const int BlocksKnown = 200;
    private const double PromptShare = 0.2;
    private const string Model = "llama-3-70b";

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSerializer().BuildServiceProvider();
    private readonly Serializer _serializer;
    private readonly KvIndexFeed _caches;
    private readonly Random _random = new(1);
    private readonly DeviceReport[][] _reports;
    private readonly int[] _shared = Enumerable.Range(1, 4096).ToArray();
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _sequence;

    public GossipFactory(int silos, int devices)
    {
        (Silos, Devices) = (silos, devices);
        Addresses = [.. Enumerable.Range(0, silos).Select(static i => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 20_000 + i), 1))];
        _serializer = _services.GetRequiredService<Serializer>();
        var metrics = new FactoryMetrics(_services.GetRequiredService<IMeterFactory>());
        var members = new StandingCluster(Addresses);
        _caches = new KvIndexFeed(members, members, TimeProvider.System, metrics, NullLogger<KvIndexFeed>.Instance);
        var options = new PlacementOptions { StaleSeconds = 60, MaxQueued = 4096 };
        Ledger = new PlacementLedger(options.CreatePolicy(), Options.Create(options), members, TimeProvider.System, metrics, new PrefixOverlap(_caches));
        for (var tokens = 1; tokens < 500; tokens++)
        {
            Ledger.Ended("", 500, tokens);
        }

        _reports = MakeReports();
        ReportAll();
        FillCaches();
    }

    public int Silos { get; }

    public int Devices { get; }

    public SiloAddress[] Addresses { get; }

    public PlacementLedger Ledger { get; }

    /// <summary>A prompt that begins like those of which some devices hold the beginning.</summary>
    public PromptPrefix Prompt(int tokens, Random random)
    {
        var prompt = Enumerable.Range(0, tokens).Select(i => i < Math.Min(tokens / 2, _shared.Length) ? _shared[i] : random.Next(100_000)).ToArray();
        return PromptPrefix.Of(_caches.Roots, prompt, null);
    }

    /// <summary>A silo reports once more, its devices having worked meanwhile.</summary>
    public ReportCost Report(int silo)
    {
        var report = Next(silo);
        var began = Stopwatch.GetTimestamp();
        var bytes = _serializer.SerializeToArray(report);
        var sent = Stopwatch.GetTimestamp();
        var read = _serializer.Deserialize<SiloReport>(bytes)!;
        var known = Stopwatch.GetTimestamp();
        Ledger.Apply(read);
        var taken = Stopwatch.GetTimestamp();
        return new ReportCost(
            bytes.Length,
            Stopwatch.GetElapsedTime(began, sent).TotalMicroseconds,
            Stopwatch.GetElapsedTime(sent, taken).TotalMicroseconds,
            Stopwatch.GetElapsedTime(known, taken).TotalMicroseconds);
    }

    public void ReportAll()
    {
        for (var silo = 0; silo < Silos; silo++)
        {
            Ledger.Apply(Next(silo));
        }
    }

    /// <summary>All silos report at their pace.</summary>
    public void ReportUntil(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            for (var silo = 0; silo < Silos; silo++)
            {
                Report(silo);
                if (silo % 16 == 15)
                {
                    // Sixteen at a time, eight times in a quarter of a second.
                    Thread.Sleep(31);
                }
            }
        }
    }

    public void Dispose()
    {
        _caches.Dispose();
        _services.Dispose();
    }

    private DeviceReport[][] MakeReports()
    {
        var spec = SimulatedDeviceSpec.Parse($"sim:h100-sxm*{Devices}:tp8");
        using var device = new SimulatedDevice(spec, 0, SimulatedModels.Find("sim:llama-3-70b-fp8"), new SimulatedText(new SilentTokenizer()));
        var profile = device.Info.Profile!;
        return [.. Enumerable.Range(0, Silos).Select(silo => Enumerable.Range(0, (Devices / Silos) + (silo < Devices % Silos ? 1 : 0))
            .Select(i => Device($"sim:h100-sxm:{i}", profile, silo)).ToArray())];
    }

    private DeviceReport Device(string name, DeviceProfile profile, int silo) => new()
    {
        Device = name,
        Description = "8 x H100 SXM (simulated)",
        Simulated = true,
        Model = Model,
        BlockSize = 16,
        TotalBlocks = 180_000,
        FreeBlocks = 170_000,
        MaxContext = 131_072,
        MaxStepTokens = 8192,
        Running = _random.Next(100),
        StepSeconds = 0.02,
        TokensPerSecond = 3000,
        Watts = 3000,
        CapWatts = 5600,
        MinCapWatts = 1600,
        MaxCapWatts = 5600,
        CapIncarnation = 638_000_000_000_000_000,
        CapTerm = 5,
        CapNumber = 77,
        Node = $"node-{silo}",
        Rack = $"rack-{silo / 4}",
        Joules = 1e6,
        Profile = profile,
    };

    private SiloReport Next(int silo)
    {
        var devices = _reports[silo];
        for (var i = 0; i < devices.Length; i++)
        {
            var was = devices[i];
            var running = Math.Clamp(was.Running + _random.Next(-3, 4), 0, 100);
            devices[i] = was with
            {
                Running = running,
                Waiting = _random.Next(3),
                QueuedPromptTokens = _random.Next(2000),
                QueuedPromptSeconds = 0.1 * _random.NextDouble(),
                ComputedPromptSeconds = PromptShare * Stopwatch.GetElapsedTime(_began).TotalSeconds,
                FreeBlocks = 180_000 - (running * 100),
                CommittedBlocks = running * 120,
                StepSeconds = 0.02 + (0.001 * _random.NextDouble()),
                TokensPerSecond = 3000 + _random.Next(100),
                Watts = 3000 + _random.Next(500),
                Joules = was.Joules + 750,
                OutputTokens = was.OutputTokens + 700,
                PromptTokens = was.PromptTokens + 1500,
                PrefixQueryTokens = was.PrefixQueryTokens + 1500,
                PrefixHitTokens = was.PrefixHitTokens + 500,
            };
        }

        return new SiloReport { Silo = Addresses[silo], Name = $"device-{silo}", Role = "device", Sequence = Interlocked.Increment(ref _sequence), Devices = [.. devices] };
    }

    /// <summary>Each device holds the beginning that all prompts share to another length, and blocks of its own.</summary>
    private void FillCaches()
    {
        for (var silo = 0; silo < Silos; silo++)
        {
            foreach (var device in _reports[silo])
            {
                var chain = new KvEvent[BlocksKnown];
                var hash = BlockHash.Root(Model, "f16");
                var size = new KvBlockSize(16);
                var common = _random.Next(BlocksKnown);
                for (var block = 0; block < chain.Length; block++)
                {
                    var tokens = block < common ? _shared.AsSpan(block * 16, 16) : Enumerable.Range(0, 16).Select(_ => _random.Next(100_000)).ToArray();
                    hash = hash.Next(tokens);
                    chain[block] = new KvEvent(KvEventKind.Stored, hash);
                }

                var bytes = new byte[chain.Length * KvEventCodec.EventBytes];
                for (var i = 0; i < chain.Length; i++)
                {
                    KvEventCodec.Write(chain[i], bytes.AsSpan(i * KvEventCodec.EventBytes));
                }

                _caches.Take(new KvEventMessage { Silo = Addresses[silo], Device = $"device-{silo}/{device.Device}", Model = Model, KvType = "f16", Epoch = 1, FirstId = 1, Events = bytes, BlockSize = size.Positions });
            }
        }
    }
}
