using System.Text.Json;
using System.Text.RegularExpressions;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Tools;

/// <summary>
/// The file of MCP servers, in the form that is common to MCP clients: <c>{"mcpServers": {NAME: {"command", "args", "env", "cwd"} or {"url", "headers"}}}</c>. Crescent's own
/// fields of a server are <c>allow</c>, which each must have, <c>approve</c> and <c>idempotent</c>: names of its tools.
/// </summary>
internal static partial class McpFile
{
    /// <summary>Servers that a file may have.</summary>
    public const int MaxServers = 64;

    private const string Root = "mcpServers";

    private static readonly string[] Process = ["command", "args", "env", "cwd"];
    private static readonly string[] Address = ["url", "headers"];
    private static readonly string[] Both = ["type", "allow", "approve", "idempotent"];
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    /// <summary>The servers of a file.</summary>
    /// <exception cref="StartException">It cannot be read, or something in it is wrong: the message names it.</exception>
    public static IReadOnlyList<McpServerSettings> Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path), Lenient);
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty(Root, out var servers) || servers.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException($"it takes an object with '{Root}', an object of servers by their names");
            }

            var all = servers.EnumerateObject().Select(server => Server(server, folder)).ToArray();
            return all.Length <= MaxServers ? all : throw new FormatException($"'{Root}' has {all.Length} servers; it takes up to {MaxServers}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            throw new StartException($"{Settings.Mcp} is '{path}': {e.Message.TrimEnd('.')}.", e);
        }
    }

    private static McpServerSettings Server(JsonProperty property, string folder)
    {
        var (name, server) = (property.Name, property.Value);
        var path = $"{Root}.{name}";
        if (!Name().IsMatch(name) || name.Contains("__", StringComparison.Ordinal))
        {
            throw new FormatException($"'{path}': a server's name takes 1 to 32 letters, digits, '-' and single '_'");
        }

        if (server.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"'{path}' takes an object");
        }

        var command = Text(server, path, "command");
        var url = Text(server, path, "url");
        if (command is null == url is null)
        {
            throw new FormatException($"'{path}' takes either 'command' or 'url'");
        }

        var fields = command is not null ? Process : Address;
        if (server.EnumerateObject().FirstOrDefault(field => !fields.Contains(field.Name) && !Both.Contains(field.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            throw new FormatException($"'{path}.{unknown.Name}' is not known; with '{fields[0]}' there are {string.Join(", ", [.. fields, .. Both])}");
        }

        var allow = Names(server, path, "allow")
            ?? throw new FormatException($"'{path}.allow' is missing: name the tools that agents may call, as [\"search\"], or [\"{McpServerSettings.Every}\"] for all that the server has");
        var approve = Names(server, path, "approve");
        var idempotent = Names(server, path, "idempotent");
        foreach (var (list, field) in new[] { (approve, "approve"), (idempotent, "idempotent") })
        {
            if (list?.FirstOrDefault(tool => tool != McpServerSettings.Every && !McpServerSettings.Has(allow, tool)) is { } stranger)
            {
                throw new FormatException($"'{path}.{field}' names '{stranger}', which '{path}.allow' does not");
            }
        }

        var cwd = Path.GetFullPath(Text(server, path, "cwd") ?? ".", folder);
        return new McpServerSettings
        {
            Name = name,

            // A name alone is looked for in PATH.
            Command = command is not null && command.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(command, folder) : command,
            Arguments = server.TryGetProperty("args", out var args) ? Texts(args, $"{path}.args") : [],
            Environment = Map(server, path, "env"),
            Folder = cwd,
            Url = url is null ? null
                : Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : throw new FormatException($"'{path}.url' is '{url}'; it takes http:// or https://"),
            Headers = Map(server, path, "headers"),
            Allow = allow,
            Approve = approve ?? [],
            Idempotent = idempotent,
        };
    }

    private static string? Text(JsonElement server, string path, string field) => !server.TryGetProperty(field, out var value) ? null
        : value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text
        : throw new FormatException($"'{path}.{field}' takes a text");

    private static HashSet<string>? Names(JsonElement server, string path, string field) =>
        server.TryGetProperty(field, out var value) ? [.. Texts(value, $"{path}.{field}")] : null;

    private static string[] Texts(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(static item => item.GetString()!)]
            : throw new FormatException($"'{path}' takes an array of texts");

    private static Dictionary<string, string> Map(JsonElement server, string path, string field) => !server.TryGetProperty(field, out var value) ? []
        : value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(static item => item.Value.ValueKind == JsonValueKind.String)
            ? value.EnumerateObject().ToDictionary(static item => item.Name, static item => item.Value.GetString()!)
            : throw new FormatException($"'{path}.{field}' takes an object of texts");

    [GeneratedRegex("^[A-Za-z0-9_-]{1,32}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
