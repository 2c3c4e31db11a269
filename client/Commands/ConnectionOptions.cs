using System.CommandLine;
using Crescent.Client.Connections;

namespace Crescent.Client.Commands;

/// <summary>The options of every command that reaches a factory.</summary>
internal sealed class ConnectionOptions
{
    private const double LongestTimeoutSeconds = 86_400;

    private readonly Option<Uri?> _url = new("--url")
    {
        HelpName = "URL",
        CustomParser = argument =>
        {
            var text = argument.Tokens[0].Value;
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url!.Host.Length > 0)
            {
                return url;
            }

            argument.AddError($"--url takes an address that begins with http:// or https://, not '{text}'.");
            return null;
        },
    };

    private readonly Option<FileInfo?> _cluster = new("--cluster")
    {
        HelpName = "FILE",
        Description = "Reach the local cluster that this announcement (cluster.json) names (default: the newest that runs)",
    };

    private readonly Option<string?> _key = new("--key")
    {
        HelpName = "KEY",
        Description = $"Key to send to a front end that asks for one; others on this machine can read a command line, so better in {ConnectionSettings.KeyVariable} (default: that)",
    };

    private readonly Option<double?> _timeout = NumberOption.Create<double>(
        "--timeout",
        "Longest wait to connect, for a reply, and for each next piece of an answer, in seconds",
        "SECONDS",
        "a number of seconds above 0 and at most a day",
        v => v is > 0 and <= LongestTimeoutSeconds);

    private readonly Option<bool> _verbose = new("--verbose") { Description = "Show the transport's warnings on standard error (default: off)" };

    private readonly Option<bool> _json;
    private readonly bool _overHttp;

    /// <param name="json">What <c>--json</c> writes with this command.</param>
    /// <param name="overHttp">Whether the command goes over HTTP also to the cluster on this machine.</param>
    public ConnectionOptions(string json, bool overHttp = false)
    {
        _overHttp = overHttp;
        var otherwise = overHttp ? "the front end of the cluster on this machine" : "over Orleans, on this machine";
        _url.Description = $"Reach the factory over HTTP at this address, such as http://127.0.0.1:8080 (default: {otherwise})";
        _timeout.DefaultValueFactory = _ => ConnectionSettings.DefaultTimeoutSeconds;
        _json = new Option<bool>("--json") { Description = $"Write {json} (default: text)" };
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_cluster);
        command.Options.Add(_key);
        command.Options.Add(_timeout);
        command.Options.Add(_json);
        command.Options.Add(_verbose);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_url) is not null && result.GetResult(_cluster) is not null)
            {
                result.AddError(_overHttp
                    ? "--url and --cluster exclude each other: each names a front end."
                    : "--url and --cluster exclude each other: one goes over HTTP, the other over Orleans.");
            }
        });
        command.Validators.Add(result =>
        {
            if (!_overHttp && result.GetResult(_key) is not null && result.GetResult(_url) is null)
            {
                result.AddError("--key goes with --url: over Orleans, on this machine, no key is asked for.");
            }
        });
        _cluster.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var path }] && !File.Exists(path))
            {
                result.AddError($"--cluster names a file that does not exist: {path}");
            }
        });
    }

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    public ConnectionSettings Settings(ParseResult parsed) => new()
    {
        Url = parsed.GetValue(_url),
        Cluster = parsed.GetValue(_cluster),
        Key = parsed.GetValue(_key) ?? ConnectionSettings.KeyOfEnvironment,
        Timeout = TimeSpan.FromSeconds(parsed.GetValue(_timeout) ?? ConnectionSettings.DefaultTimeoutSeconds),
        Verbose = parsed.GetValue(_verbose),
    };
}
