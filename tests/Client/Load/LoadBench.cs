using System.Net;
using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Runs;
using Crescent.Client.Load.Wire;
using Crescent.Client.Mock;

namespace Crescent.Tests.Client.Load;

/// <summary>A mock server, and runs against it.</summary>
internal sealed class LoadBench : IAsyncDisposable
{
    private LoadBench(MockOptions options) => Server = MockServer.Start(options, new IPEndPoint(IPAddress.Loopback, 0));

    public MockServer Server { get; }

    /// <summary>What came of each call, in the order in which they ended.</summary>
    public List<CallRecord> Calls { get; } = [];

    public static LoadBench Start(MockOptions options) => new(options);

    public static Distribution Times(string text) => Distribution.Parse(text, TimeText.Seconds)!;

    public static Distribution Counts(string text) => Distribution.Parse(text, Distribution.Number)!;

    /// <summary>Runs scripts; what was measured.</summary>
    public async Task<LoadRun> Run(IScriptSource scripts, Func<LoadRunOptions, LoadRunOptions> change, LoadEndpoint endpoint = LoadEndpoint.Chat)
    {
        var target = await Target.Find(Server.Url, key: null, TestContext.Current.CancellationToken);
        using var run = new LoadRun(change(new LoadRunOptions
        {
            Target = target,
            Form = new RequestForm(endpoint, "mock", stream: true, ignoreEos: false),
            Writer = new PromptWriter(new PromptScale(1, endpoint is LoadEndpoint.Chat or LoadEndpoint.Responses ? MockRequest.TemplateTokens : 0, "given"), 0),
            Scripts = scripts,
            Ended = (call, _) =>
            {
                lock (Calls)
                {
                    Calls.Add(call);
                }
            },
        }));
        await run.Run(TestContext.Current.CancellationToken);
        return run;
    }

    /// <summary>Single calls in a closed loop.</summary>
    public Task<LoadRun> Closed(int concurrency, long calls, int tokens = 16, Slo? slo = null, LoadEndpoint endpoint = LoadEndpoint.Chat) => Run(
        new SyntheticScripts(new SyntheticOptions { PromptTokens = Distribution.Constant(32), OutputTokens = Distribution.Constant(tokens) }),
        options => options with { Concurrency = concurrency, MostScripts = calls, Slo = slo },
        endpoint);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
