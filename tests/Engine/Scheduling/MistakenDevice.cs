using System.Runtime.InteropServices;
using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>A draft's device that gives another token than its own for a share of its rows.</summary>
/// <param name="device">What it is right with.</param>
/// <param name="mistakes">Share of wrong rows, 0 to 1.</param>
/// <param name="seconds">What a step of it takes; null for as long as of the other.</param>
internal sealed class MistakenDevice(IDevice device, double mistakes, double? seconds = null) : IDevice
{
    private readonly Random _random = new(7);
    private int _rows;

    public DeviceInfo Info => device.Info;

    /// <summary>Steps that it did.</summary>
    public int Steps { get; private set; }

    /// <summary>Sequences in the largest of them.</summary>
    public int LargestBatch { get; private set; }

    /// <summary>Tokens in the largest of them.</summary>
    public int MostTokens { get; private set; }

    /// <summary>Tokens in all of them.</summary>
    public long Tokens { get; private set; }

    /// <summary>What its steps throw from now on.</summary>
    public Exception? Throws { get; set; }

    public void Begin(StepPlan plan)
    {
        if (Throws is { } fault)
        {
            throw fault;
        }

        Steps++;
        LargestBatch = Math.Max(LargestBatch, plan.Slices.Length);
        MostTokens = Math.Max(MostTokens, plan.AllTokens.Length);
        Tokens += plan.AllTokens.Length;
        _rows = plan.LogitsRowCount;
        device.Begin(plan);
    }

    public StepResult End()
    {
        var result = device.End();
        for (var row = 0; row < _rows; row++)
        {
            if (_random.NextDouble() < mistakes)
            {
                result.Logits(row)[_random.Next(1, Info.VocabularySize)] += 20;
            }
        }

        return seconds is not { } taken || _rows == 0
            ? result
            : new StepResult(MemoryMarshal.CreateSpan(ref result.Logits(0)[0], _rows * Info.VocabularySize), Info.VocabularySize, TimeSpan.FromSeconds(taken));
    }

    public void Dispose() => device.Dispose();
}
