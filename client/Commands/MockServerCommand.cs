using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Load.Draws;
using Crescent.Client.Mock;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>mock-server</c>: an OpenAI-compatible server whose times, faults and tokens are known.</summary>
internal sealed class MockServerCommand : Command
{
    private const int DefaultPort = 9000;

    private readonly Terminal _terminal;
    private readonly Option<int?> _port = NumberOption.Create<int>("--port", $"Port; 0 for a free one (default: {DefaultPort})", "N", "a whole number from 0 to 65535", static v => v is >= 0 and <= 65535);

    private readonly Option<IPAddress> _host = new("--host")
    {
        Description = "Address to listen on; it asks nobody for a key",
        HelpName = "ADDRESS",
        DefaultValueFactory = static _ => IPAddress.Loopback,
        CustomParser = static argument =>
        {
            if (IPAddress.TryParse(argument.Tokens[0].Value, out var address))
            {
                return address;
            }

            argument.AddError($"--host takes an IP address, not '{argument.Tokens[0].Value}'.");
            return null!;
        },
    };

    private readonly Option<Distribution?> _first = DistributionOption.OfTimes("--ttft", "From the whole request to the first token (default: 50ms)");
    private readonly Option<Distribution?> _gap = DistributionOption.OfTimes("--itl", "From a token to the next; a chunk of n tokens comes after n times what is drawn (default: 10ms)");
    private readonly Option<Distribution?> _tokens = DistributionOption.OfCounts("--output", "Tokens of an answer, up to what the request allows (default: all that it allows, as with ignore_eos)");
    private readonly Option<int?> _chunk = NumberOption.Create<int>("--tokens-per-chunk", "Tokens of a chunk (default: 1)", "N", "a whole number from 1 to 4096", static v => v is >= 1 and <= 4096);
    private readonly Option<int?> _reasoning = NumberOption.Create<int>("--reasoning", "The first so many tokens of a chat come as reasoning_content (default: 0)", "N", "a whole number of at least 0", static v => v >= 0);
    private readonly Option<int?> _slots = NumberOption.Create<int>("--slots", "Requests at a time, others wait; 0 for no bound (default: 0)", "N", "a whole number from 0 to 100,000", static v => v is >= 0 and <= 100_000);
    private readonly Option<string> _models = new("--models") { Description = "Models it has", HelpName = "A,B", DefaultValueFactory = static _ => "mock" };
    private readonly Option<double?> _errors = Share("--error-rate", "Share of requests that are refused (default: 0)");
    private readonly Option<int?> _status = NumberOption.Create<int>("--error-status", "With this status (default: 500)", "N", "a whole number from 400 to 599", static v => v is >= 400 and <= 599);
    private readonly Option<int?> _retryAfter = NumberOption.Create<int>("--retry-after", "Seconds that refusals tell as Retry-After (default: none)", "N", "a whole number from 0 to 86,400", static v => v is >= 0 and <= 86_400);
    private readonly Option<double?> _cuts = Share("--cut-rate", "Share of streams that break off in the middle (default: 0)");
    private readonly Option<double?> _stalls = Share("--stall-rate", "Share of streams that pause once (default: 0)");
    private readonly Option<Distribution?> _stall = DistributionOption.OfTimes("--stall", "For so long; a plain time (default: 1s)");
    private readonly Option<double?> _factor = NumberOption.Create<double>("--usage-factor", "Usage tells so many times the tokens that were sent; 0 for no usage (default: 1)", "X", "a number from 0 to 100", static v => v is >= 0 and <= 100);
    private readonly Option<double?> _joules = NumberOption.Create<double>("--joules-per-token", "Energy of a token that usage tells (default: none)", "J", "a number from 0 to 1,000,000", static v => v is >= 0 and <= 1e6);
    private readonly Option<bool> _noTokenizer = new("--no-tokenize") { Description = "Do not serve /tokenize (default: it counts each space as a token)" };
    private readonly Option<long?> _seed = NumberOption.Create<long>("--seed", "Of all that is drawn (default: 0)", "N", "a whole number of at least 0", static v => v >= 0);

    public MockServerCommand(Terminal terminal) : base(
        "mock-server",
        "An OpenAI-compatible server that answers words without meaning at moments, and with faults, that are known: to try load generators on. GET /mock/record tells when it sent what; POST /mock/reset begins that anew. Runs until Ctrl+C.")
    {
        _terminal = terminal;
        foreach (var option in (Option[])[_port, _host, _first, _gap, _tokens, _chunk, _reasoning, _slots, _models, _errors, _status, _retryAfter, _cuts, _stalls, _stall, _factor, _joules, _noTokenizer, _seed])
        {
            Options.Add(option);
        }

        SetAction((parsed, _) => CommandGuard.Run(
            _terminal, json: false, interrupted => Serve(new IPEndPoint(parsed.GetRequiredValue(_host), parsed.GetValue(_port) ?? DefaultPort), Read(parsed), interrupted)));
    }

    private static Option<double?> Share(string name, string description) => NumberOption.Create<double>(name, description, "X", "a number from 0 to 1", static v => v is >= 0 and <= 1);

    private MockOptions Read(ParseResult parsed)
    {
        var plain = new MockOptions();
        var stall = default(SeededStream);
        return new MockOptions
        {
            FirstSeconds = parsed.GetValue(_first) ?? plain.FirstSeconds,
            GapSeconds = parsed.GetValue(_gap) ?? plain.GapSeconds,
            Tokens = parsed.GetValue(_tokens),
            TokensPerChunk = parsed.GetValue(_chunk) ?? plain.TokensPerChunk,
            ReasoningTokens = parsed.GetValue(_reasoning) ?? plain.ReasoningTokens,
            Models = parsed.GetRequiredValue(_models).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } names
                ? names
                : throw new FactoryException("--models names no model", "Name one, such as mock."),
            Slots = parsed.GetValue(_slots) ?? 0,
            ErrorShare = parsed.GetValue(_errors) ?? 0,
            ErrorStatus = parsed.GetValue(_status) ?? plain.ErrorStatus,
            RetryAfterSeconds = parsed.GetValue(_retryAfter),
            CutShare = parsed.GetValue(_cuts) ?? 0,
            StallShare = parsed.GetValue(_stalls) ?? 0,
            StallSeconds = parsed.GetValue(_stall)?.Draw(ref stall) ?? plain.StallSeconds,
            UsageFactor = parsed.GetValue(_factor) ?? plain.UsageFactor,
            JoulesPerToken = parsed.GetValue(_joules) ?? 0,
            Tokenizer = !parsed.GetValue(_noTokenizer),
            Seed = parsed.GetValue(_seed) ?? 0,
        };
    }

    private async Task<int> Serve(IPEndPoint address, MockOptions options, CancellationToken interrupted)
    {
        MockServer server;
        try
        {
            server = MockServer.Start(options, address);
        }
        catch (SocketException e)
        {
            throw new FactoryException($"{address} cannot be listened on: {e.Message}", "Choose another --port, or 0 for a free one.", e);
        }

        // As other servers do, it stops by SIGTERM too.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        using var signal = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGTERM,
            context =>
            {
                context.Cancel = true;
                stop.Cancel();
            });
        await using (server)
        {
            _terminal.WriteData($"listening on {server.Url.ToString().TrimEnd('/')}/v1, models: {string.Join(", ", options.Models)}");
            try
            {
                await Task.Delay(Timeout.Infinite, stop.Token);
            }
            catch (OperationCanceledException)
            {
                _terminal.WriteData(string.Create(CultureInfo.InvariantCulture, $"record: {WireJson.Line.Text<System.Text.Json.Nodes.JsonNode>(server.Record.ToJson())}"));
            }
        }

        return ExitCodes.Success;
    }
}
