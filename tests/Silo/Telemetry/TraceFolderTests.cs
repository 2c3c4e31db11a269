using System.Net;
using Crescent.Client.Commands;
using Crescent.Silo.Configuration;
using Crescent.Silo.Ops;
using Crescent.Tests.Client;

namespace Crescent.Tests.Silo.Telemetry;

/// <summary>A whole trace, from HTTP to the engine, as the console shows it.</summary>
public sealed class TraceFolderTests : IDisposable
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Caller = "b7ad6b7169203331";
    private const string Chat = """{"messages":[{"role":"user","content":"What is 23 + 48?"}],"temperature":0,"stream":true}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_streamed_call_is_one_tree_under_its_callers_span_and_is_found_by_every_name_that_it_has()
    {
        await using var silo = await TelemetrySilo.Start("traced", (Settings.TraceFolder.Key, _folder.Path));
        var (answer, text) = await silo.Post("/v1/chat/completions", Chat, ("traceparent", $"00-{Trace}-{Caller}-01"), ("tracestate", "vendor=7"), (RequestIds.Header, "job-9"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await silo.Stop();
        var id = text[(text.IndexOf("chatcmpl-", StringComparison.Ordinal))..][..("chatcmpl-".Length + 32)];
        var lines = await Show(Trace);
        Assert.StartsWith($"trace {Trace} · ", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            ["POST /v1/chat/completions", "chat Crescent Tiny", "attempt", "place", "candidate", "execute", "queue", "prefill", "decode"],
            lines.Skip(1).Select(static line => line.TrimStart(' ', '│', '├', '└', '─').Split(" · ")[0]));
        Assert.Contains($"status 200 · request job-9 · part of {Caller}", lines[1], StringComparison.Ordinal);
        Assert.Contains($"answer {id}", lines[2], StringComparison.Ordinal);
        Assert.Contains("finish stop", lines[2], StringComparison.Ordinal);

        // Each part is under its whole.
        Assert.Equal([4, 8, 12, 16, 20, 16, 20, 20, 20], lines.Skip(1).Select(static line => line.TakeWhile(static c => c is ' ' or '│' or '├' or '└' or '─').Count()));
        foreach (var name in new[] { "job-9", id })
        {
            Assert.Equal(lines, await Show(name));
        }

        Assert.Contains("vendor=7", await File.ReadAllTextAsync(Path.Combine(_folder.Path, "traced.jsonl"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_asked_for_as_a_chat_has_its_steps_and_calls_under_the_request()
    {
        await using var silo = await TelemetrySilo.Start("traced-agent", (Settings.TraceFolder.Key, _folder.Path));
        Assert.Equal(HttpStatusCode.OK, (await silo.Post("/v1/chat/completions", """{"model":"agent:direct","messages":[{"role":"user","content":"What is 23 + 48?"}]}""", (RequestIds.Header, "job-10"))).Answer.StatusCode);
        await silo.Stop();
        var lines = await Show("job-10");
        Assert.Equal(
            ["POST /v1/chat/completions", "invoke_agent direct", "step", "chat Crescent Tiny", "attempt", "place", "candidate", "execute", "queue", "prefill", "decode"],
            lines.Skip(1).Select(static line => line.TrimStart(' ', '│', '├', '└', '─').Split(" · ")[0]));
    }

    [Fact]
    public async Task What_is_not_sampled_is_not_kept_but_what_its_caller_samples_is()
    {
        await using var silo = await TelemetrySilo.Start("unsampled", (Settings.TraceFolder.Key, _folder.Path), (Settings.TraceSample.Key, "0"));
        await silo.Post("/v1/chat/completions", Chat, (RequestIds.Header, "job-11"));
        await silo.Post("/v1/chat/completions", Chat, (RequestIds.Header, "job-12"), ("traceparent", $"00-{Trace}-{Caller}-00"));
        await silo.Post("/v1/chat/completions", Chat, (RequestIds.Header, "job-13"), ("traceparent", $"00-{Trace}-{Caller}-01"));
        await silo.Stop();
        var kept = await File.ReadAllTextAsync(Path.Combine(_folder.Path, "unsampled.jsonl"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("job-11", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("job-12", kept, StringComparison.Ordinal);
        Assert.Contains("job-13", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("What is", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_without_traces_and_a_name_that_no_trace_has_are_told()
    {
        var terminal = new FakeTerminal();
        Assert.Equal(ExitCodes.Failure, await ClientCommandLine.Run(["trace", "--folder", _folder.Path], terminal.Terminal, (_, _) => throw new NotSupportedException()));
        Assert.Contains("--trace-folder", terminal.Error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "half.jsonl"), """{"resourceSpans":[{"resource""", TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Failure, await ClientCommandLine.Run(["trace", "job-1", "--folder", _folder.Path], terminal.Terminal, (_, _) => throw new NotSupportedException()));
        Assert.Contains("'job-1'", terminal.Error, StringComparison.Ordinal);
    }

    private async Task<string[]> Show(string id)
    {
        var terminal = new FakeTerminal();
        Assert.Equal(ExitCodes.Success, await ClientCommandLine.Run(["trace", id, "--folder", _folder.Path], terminal.Terminal, (_, _) => throw new NotSupportedException()));
        return terminal.Output.TrimEnd().Split('\n').Select(static line => line.TrimEnd()).ToArray();
    }
}
