using System.Net;
using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Wire;
using Crescent.Client.Mock;

namespace Crescent.Client.Load.Runs;

/// <summary>Has the generator's own code compiled before anything is measured: the first calls of a fresh process would be tens of milliseconds late.</summary>
internal static class GeneratorWarmUp
{
    private const int Calls = 96;
    private const int Tokens = 48;

    /// <summary>Plays a short load against a server in this process.</summary>
    public static async Task Run(RequestForm form, CancellationToken cancellationToken)
    {
        var options = new MockOptions { FirstSeconds = Distribution.Constant(0.001), GapSeconds = Distribution.Constant(0.0002), JoulesPerToken = 1 };
        await using var server = MockServer.Start(options, new IPEndPoint(IPAddress.Loopback, 0));
        using var run = new LoadRun(new LoadRunOptions
        {
            Target = await Target.Find(server.Url, key: null, cancellationToken),
            Form = form,
            Writer = new PromptWriter(new PromptScale(1, 0, "given"), 0),
            Scripts = new SyntheticScripts(new SyntheticOptions { OutputTokens = Distribution.Constant(Tokens) }),
            Concurrency = 8,
            MostScripts = Calls,
        });
        await run.Run(cancellationToken);
    }
}
