using System.Diagnostics;
using Crescent.Engine.Cuda;
using Crescent.Engine.Devices;
using Crescent.GpuCheck.Model;

namespace Crescent.GpuCheck.Steps;

/// <summary>Sequences on a device, for their time alone.</summary>
internal sealed class ModelRun(CudaDevice device, SyntheticModel model, bool small)
{
    private readonly KvBlockSize _size = KvBlockSize.Of(device.Info);
    private readonly StepPlan _plan = new(KvBlockSize.Of(device.Info));
    private readonly Random _random = new(1);
    private int _filled;

    public CudaDevice Device => device;

    public SyntheticModel Model => model;

    /// <summary>Positions that sequences have before they are decoded.</summary>
    public static int Context(bool small) => small ? 20 : 512;

    /// <summary>Seconds of the device and by the clock for a prompt of <paramref name="tokens"/>, the middle of those that fit into <paramref name="seconds"/>.</summary>
    public (double Gpu, double Wall) Prefill(int tokens, double seconds)
    {
        var times = new List<(double Gpu, double Wall)>();
        var prompt = Tokens(tokens);
        var table = Enumerable.Range(0, _size.BlocksFor(tokens)).ToArray();
        _filled = 0;
        Repeat(seconds, () =>
        {
            _plan.Clear();
            _plan.Add(prompt, 0, table, LogitsWanted.Last);
            times.Add(Step());
        });
        return (Middle(times, static t => t.Gpu), Middle(times, static t => t.Wall));
    }

    /// <summary>Gives <paramref name="batch"/> sequences their positions.</summary>
    public void Fill(int batch)
    {
        var context = Context(small);
        var together = Math.Max(1, device.Info.MaxStepTokens / context);
        for (; _filled < batch; _filled += together)
        {
            _plan.Clear();
            for (var i = _filled; i < Math.Min(batch, _filled + together); i++)
                _plan.Add(Tokens(context), 0, Table(i), LogitsWanted.None);
            _ = Step();
        }

        _filled = Math.Min(_filled, batch);
    }

    /// <summary>Seconds of a step of the device and by the clock, the middle of those that fit into <paramref name="seconds"/>, and the positions that they see in the mean.</summary>
    public (double Gpu, double Wall, double Positions) Decode(int batch, double seconds)
    {
        var times = new List<(double Gpu, double Wall)>();
        var most = (Table(0).Length * _size.Positions) - Context(small);
        var at = 0;
        Repeat(seconds, () =>
        {
            _plan.Clear();
            for (var i = 0; i < batch; i++)
                _plan.Add([_random.Next(model.Vocabulary)], Context(small) + at, Table(i), LogitsWanted.Last);
            times.Add(Step());
            at = (at + 1) % most;
        });
        return (Middle(times, static t => t.Gpu), Middle(times, static t => t.Wall), Context(small) + (Math.Min(times.Count, most) / 2.0));
    }

    private static double Middle(List<(double Gpu, double Wall)> times, Func<(double Gpu, double Wall), double> of)
    {
        // The first ones are slower.
        var counted = times.Skip(Math.Min(3, times.Count - 1)).Select(of).Order().ToArray();
        return counted[counted.Length / 2];
    }

    private static void Repeat(double seconds, Action step)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 5 || clock.Elapsed.TotalSeconds < seconds; i++)
            step();
    }

    private (double Gpu, double Wall) Step()
    {
        var start = Stopwatch.GetTimestamp();
        device.Begin(_plan);
        var gpu = device.End().Duration;
        return (gpu.TotalSeconds, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private int[] Table(int sequence)
    {
        var blocks = device.Info.BlockCount / 64;
        if (small)
            blocks = device.Info.BlockCount / 4;
        return [.. Enumerable.Range(sequence * blocks, blocks)];
    }

    private int[] Tokens(int count) => [.. Enumerable.Range(0, count).Select(_ => _random.Next(model.Vocabulary))];
}
