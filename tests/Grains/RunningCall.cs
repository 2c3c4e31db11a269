using System.Text;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains;

/// <summary>A generation that is read in the background.</summary>
internal sealed class RunningCall
{
    private readonly CancellationTokenSource _cancel = new();
    private readonly List<int> _tokens = [];
    private readonly StringBuilder _text = new();

    public RunningCall(IGenerationService service, InferenceRequest call)
    {
        Call = call;
        Ended = Task.Run(() => Read(service));
    }

    public InferenceRequest Call { get; }

    public Task Ended { get; }

    public int Count
    {
        get
        {
            lock (_tokens)
            {
                return _tokens.Count;
            }
        }
    }

    public IReadOnlyList<int> Tokens => _tokens;

    public string Text => _text.ToString();

    public string? FinishReason { get; private set; }

    public ChatUsage? Usage { get; private set; }

    public float[]? Embedding { get; private set; }

    /// <summary>Leaves the stream, as a reader that hangs up does.</summary>
    public async Task Leave()
    {
        await _cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ended);
    }

    private async Task Read(IGenerationService service)
    {
        await foreach (var chunk in service.Generate(Call, _cancel.Token))
        {
            lock (_tokens)
            {
                _tokens.AddRange(chunk.Tokens);
            }

            _text.Append(chunk.Text);
            FinishReason = chunk.FinishReason;
            Usage = chunk.Usage;
            Embedding = chunk.Embedding;
        }
    }
}
