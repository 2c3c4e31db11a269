using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Silo.Hosting;

/// <summary>Keeps the tokens of a request until it ends.</summary>
internal sealed class EndSink : IEngineSink
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    public List<int> Tokens { get; } = [];

    public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
    {
        foreach (var output in outputs)
        {
            Tokens.Add(output.Token);
            if (output.Finish != FinishReason.None)
            {
                _ended.TrySetResult();
            }
        }
    }
}
