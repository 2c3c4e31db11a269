using System.Text;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Keeps what an engine puts out, by request, and checks that offsets are contiguous and that nothing follows the end.</summary>
internal sealed class RecordingSink : IEngineSink
{
    private readonly Dictionary<long, Record> _records = [];

    public IReadOnlyDictionary<long, Record> Records => _records;

    public Record this[long id] => _records[id];

    public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
    {
        foreach (var output in outputs)
        {
            if (!_records.TryGetValue(output.Request.Id, out var record))
            {
                _records[output.Request.Id] = record = new Record();
            }

            record.Take(output);
        }
    }

    internal sealed class Record
    {
        private readonly StringBuilder _text = new();

        public List<int> Tokens { get; } = [];

        /// <summary>Each token's probabilities, where the request asks for them.</summary>
        public List<string> Logprobs { get; } = [];

        public string Text => _text.ToString();

        public FinishReason Finish { get; private set; }

        public SequenceUsage? Usage { get; private set; }

        public string? Error { get; private set; }

        public float[]? Embedding { get; private set; }

        public void Take(in SequenceOutput output)
        {
            Assert.Equal(FinishReason.None, Finish);
            Assert.Equal(Tokens.Count, output.Offset);
            if (output.Token >= 0)
            {
                Tokens.Add(output.Token);
                if (output.Logprobs is { } logprobs)
                {
                    Logprobs.Add($"{logprobs.Chosen:R}: {string.Join(' ', logprobs.TopTokens)} {string.Join(' ', logprobs.TopLogprobs)}");
                }
            }

            _text.Append(output.Text);
            Finish = output.Finish;
            Usage = output.Usage;
            Error = output.Error;
            Embedding = output.Embedding;
        }
    }
}
