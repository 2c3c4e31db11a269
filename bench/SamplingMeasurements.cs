using System.Diagnostics;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling;

namespace Crescent.Bench;

/// <summary>Batches of rows through the CPU device's sampler.</summary>
internal sealed class SamplingMeasurements : IDisposable
{
    private const int MostRows = 64;
    private const int Repeat = 40;
    private const int WarmUp = 3;

    // What the logprobs of a token leave the engine in: the record and two arrays of 20.
    private const int LogprobBudget = 320;

    private readonly int _vocabulary;
    private readonly ComputeTeam _team;
    private readonly CpuSampler _sampler;
    private readonly SamplingBatch _batch;
    private readonly float[] _sure;
    private readonly float[] _unsure;

    public SamplingMeasurements(int vocabulary, int threads)
    {
        _vocabulary = vocabulary;
        _team = new ComputeTeam(threads, "bench");
        _sampler = new CpuSampler(_team, () => IRowSampler.Create(vocabulary));
        _batch = new SamplingBatch(new EndlessTokenizer(vocabulary), vocabulary);
        _sure = SampleLogits.Rows(vocabulary, MostRows, peaksBelow: vocabulary);
        _unsure = SampleLogits.Rows(vocabulary, MostRows, peaksBelow: 0);
    }

    /// <summary>All measurements.</summary>
    public IEnumerable<SamplingMeasurement> Run()
    {
        var sampled = new SamplingParameters { Temperature = 1, Seed = 7 };
        (string Name, SamplingParameters Parameters, float[] Logits, int Budget)[] settings =
        [
            ("greedy", SamplingParameters.Greedy, _sure, 0),
            ("temperature 1", sampled, _sure, 0),
            ("top_p .95", sampled with { TopP = 0.95f }, _sure, 0),
            ("top_p .95, an unsure model", sampled with { TopP = 0.95f }, _unsure, 0),
            ("top_k 20, top_p .95, temperature .7", sampled with { TopK = 20, TopP = 0.95f, Temperature = 0.7f }, _sure, 0),
            ("top_k 1000, an unsure model", sampled with { TopK = 1000 }, _unsure, 0),
            ("min_p .05", sampled with { MinP = 0.05f }, _sure, 0),
            ("penalties over 4,000 tokens", new SamplingParameters { RepetitionPenalty = 1.1f, FrequencyPenalty = 0.2f, PresencePenalty = 0.1f }, _sure, 0),
            ("20 logprobs", new SamplingParameters { TopLogprobs = 20 }, _sure, LogprobBudget),
        ];
        foreach (var (name, parameters, logits, budget) in settings)
        {
            foreach (var rows in new[] { 1, 16, MostRows })
            {
                yield return Measure(name, parameters, logits, rows, budget);
            }
        }
    }

    public void Dispose() => _team.Dispose();

    private SamplingMeasurement Measure(string name, SamplingParameters parameters, float[] logits, int rows, int budget)
    {
        int[] prompt = parameters.HasPenalties ? [.. Enumerable.Range(0, 4000).Select(i => (int)(i * 7919L % _vocabulary))] : [];
        var states = Enumerable.Range(0, rows).Select(_ => new SamplingState(parameters, prompt, 0)).ToArray();
        var repeat = Repeat * (MostRows / rows > 4 ? 4 : 1);
        var times = new double[repeat];
        var allocated = new long[repeat];
        unsafe
        {
            fixed (float* pinned = logits)
            {
                for (var i = -WarmUp; i < repeat; i++)
                {
                    var before = GC.GetTotalAllocatedBytes(precise: true);
                    var started = Stopwatch.GetTimestamp();
                    _sampler.Begin(logits);
                    _batch.Clear();

                    // Rows of logits that were not just looked at, as after a forward pass.
                    for (var row = 0; row < rows; row++)
                    {
                        _batch.Add(states[row], (((i + WarmUp) * rows) + row) % MostRows, 100 + i + row);
                    }

                    while (_batch.Rows.Length > 0)
                    {
                        _sampler.Sample(_batch);
                        _batch.Settle();
                    }

                    for (var row = 0; row < rows; row++)
                    {
                        _ = _batch[row].Logprobs(_vocabulary);
                    }

                    if (i >= 0)
                    {
                        times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds / rows;
                        allocated[i] = GC.GetTotalAllocatedBytes(precise: true) - before;
                    }
                }
            }
        }

        // The median, since the runtime's own threads allocate now and then.
        Array.Sort(allocated);
        Array.Sort(times);
        var bytes = allocated[repeat / 2] / (double)rows;
        return new SamplingMeasurement(name, rows, Math.Round(times[repeat / 2], 1), Math.Round(times[^1], 1), Math.Round(bytes, 1), budget);
    }

    /// <summary>Tokens without text, the last of which ends a generation.</summary>
    private sealed class EndlessTokenizer(int vocabulary) : Tokenizer
    {
        public override int VocabularySize => vocabulary;

        public override int? BeginOfSequence => null;

        public override int? EndOfSequence => vocabulary - 1;

        public override bool AddsBeginOfSequence => false;

        public override IReadOnlyList<string> SpecialStrings => [];

        public override bool IsEndOfGeneration(int token) => token == vocabulary - 1;

        public override bool IsSpecial(int token) => false;

        public override string TokenName(int token) => "";

        public override ReadOnlySpan<byte> TokenBytes(int token) => [];

        public override int[] Encode(string text, bool parseSpecial, bool addSpecial = false) => [];

        public override string Decode(ReadOnlySpan<int> tokens, bool withSpecial = false) => "";
    }
}
