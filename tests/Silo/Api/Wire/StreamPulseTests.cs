using Crescent.Grains.Streams;
using Crescent.Silo.Api.Wire;
using Crescent.Tests.Grains.Streams;

namespace Crescent.Tests.Silo.Api.Wire;

public sealed class StreamPulseTests
{
    [Fact]
    public async Task A_stream_that_waits_long_is_kept_open_by_comments_and_none_comes_between_tokens()
    {
        var more = new TaskCompletionSource();
        var time = new ManualTimers(TimeProvider.System);
        var generation = new ScriptedGeneration((call, _) => Slow(call.Prompt.Length, more.Task));
        await using var front = await TestFront.Start(generation, time: time);
        using var answer = await front.Post("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"stream":true}""");
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var seen = new List<string>();
        while (!seen.Contains(":"))
        {
            // The first beat after an event is left out.
            time.Fire(StreamPulse.Period);
            seen.AddRange(await Lines(reader));
        }

        Assert.Contains(seen, static line => line.Contains("\"content\":\"and\"", StringComparison.Ordinal));
        more.SetResult();
        var rest = await _line! + "\n" + await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"content\":\"so\"", rest, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", rest, StringComparison.Ordinal);
    }

    // A line that does not come within a moment is waited for the next time.
    private Task<string>? _line;

    private async Task<List<string>> Lines(StreamReader reader)
    {
        var lines = new List<string>();
        while (true)
        {
            _line ??= reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()!;
            if (await Task.WhenAny(_line, Task.Delay(50, TestContext.Current.CancellationToken)) != _line)
            {
                return lines;
            }

            lines.Add(await _line);
            _line = null;
        }
    }

    private static async IAsyncEnumerable<GenerationChunk> Slow(int prompt, Task more)
    {
        yield return new GenerationChunk([1], "and", null, null);
        await more;
        yield return new GenerationChunk([1], "so", null, null);
        yield return new GenerationChunk([], "", "stop", ScriptedGeneration.Usage(prompt, 2));
    }
}
