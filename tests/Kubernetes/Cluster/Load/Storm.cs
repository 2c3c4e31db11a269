using System.Collections.Concurrent;

namespace Crescent.Tests.Kubernetes.Cluster.Load;

/// <summary>Many streams at once for as long as something goes on under them, each compared with the answer that the same question got undisturbed.</summary>
internal sealed class Storm
{
    /// <summary>Streams at once.</summary>
    public const int Streams = 64;

    private const int MostTries = 30;

    private readonly Question[] _questions = [.. Enumerable.Range(0, Streams).Select(Question.Of)];
    private string[] _undisturbed = [];
    private int _answers;
    private int _refused;

    /// <summary>
    /// Asks all questions once, to know their answers; once is enough, as they are the same in every cluster. One that is refused is asked again, as its answer tells
    /// callers to: a cluster that has just come up on a busy machine may not have heard of its device for a moment.
    /// </summary>
    public async Task Learn(HttpClient http, CancellationToken stop)
    {
        if (_undisturbed.Length > 0)
        {
            return;
        }

        _undisturbed = await Task.WhenAll(_questions.Select(question => Learn(question, http, stop)));
    }

    /// <summary>What calls were refused with.</summary>
    public ConcurrentQueue<string> Refusals { get; } = [];

    /// <summary>Asks them all again and again until <paramref name="disturbance"/> ends, once at least, and awaits all answers.</summary>
    /// <returns>Answers that came whole and the same, and calls that were refused and asked again.</returns>
    public async Task<(int Answers, int Refused)> Through(HttpClient http, Func<Task> disturbance, CancellationToken stop)
    {
        (_answers, _refused) = (0, 0);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var streams = Enumerable.Range(0, Streams).Select(number => Stream(http, number, over.Task, stop)).ToList();
        try
        {
            await disturbance();
        }
        finally
        {
            over.SetResult();
            await Task.WhenAll(streams);
        }

        return (_answers, _refused);
    }

    private static async Task<string> Learn(Question question, HttpClient http, CancellationToken stop)
    {
        var why = "";
        for (var tries = 0; tries < MostTries; tries++)
        {
            if (await question.Ask(http, stop, said => why = said) is { } answer)
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), stop);
        }

        throw new InvalidOperationException($"A cluster at rest refused a call {MostTries} times: {why}");
    }

    private async Task Stream(HttpClient http, int first, Task over, CancellationToken stop)
    {
        // Each takes another kind of question in turn.
        for (var number = first; ; number = (number + 1) % Streams)
        {
            var answer = await _questions[number].Ask(http, stop, said => Refusals.Enqueue(said));
            if (answer is null)
            {
                Interlocked.Increment(ref _refused);
                continue;
            }

            Assert.Equal(_undisturbed[number], answer);
            Interlocked.Increment(ref _answers);
            if (over.IsCompleted)
            {
                return;
            }
        }
    }
}
