namespace Crescent.Tests.Kubernetes.Cluster.Load;

/// <summary>Many streams at once for as long as something goes on under them, each compared with the answer that the same question got undisturbed.</summary>
internal sealed class Storm
{
    /// <summary>Streams at once.</summary>
    public const int Streams = 64;

    private readonly Question[] _questions = [.. Enumerable.Range(0, Streams).Select(Question.Of)];
    private string[] _undisturbed = [];
    private int _answers;
    private int _refused;

    /// <summary>Asks all questions once, to know their answers; once is enough, as they are the same in every cluster.</summary>
    public async Task Learn(HttpClient http, CancellationToken stop)
    {
        if (_undisturbed.Length > 0)
        {
            return;
        }

        var answers = await Task.WhenAll(_questions.Select(question => question.Ask(http, stop)));
        _undisturbed = [.. answers.Select(static answer => answer ?? throw new InvalidOperationException("A call was refused by a cluster at rest."))];
    }

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

    private async Task Stream(HttpClient http, int first, Task over, CancellationToken stop)
    {
        // Each takes another kind of question in turn.
        for (var number = first; ; number = (number + 1) % Streams)
        {
            var answer = await _questions[number].Ask(http, stop);
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
