using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Agents;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Crescent.Silo.Tools;

/// <summary>A tool of an MCP server.</summary>
internal sealed class McpTool : IAgentTool
{
    /// <summary>Carries the idempotency key in the <c>_meta</c> of a call.</summary>
    public const string KeyName = "crescent/idempotencyKey";

    private const int MaxDescription = 4096;
    private const int MaxParameters = 1 << 16;
    private const string AnyObject = """{"type":"object"}""";

    private readonly McpConnection _server;
    private readonly string _name;

    /// <param name="server">Whose it is.</param>
    /// <param name="settings">What is said of the server's tools.</param>
    /// <param name="tool">As the server describes it.</param>
    public McpTool(McpConnection server, McpServerSettings settings, Tool tool)
    {
        _server = server;
        _name = tool.Name;
        Name = server.Name + McpServers.Between + string.Concat(tool.Name.Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_'));
        var description = tool.Description ?? tool.Title ?? tool.Annotations?.Title ?? tool.Name;
        Description = description.Length <= MaxDescription ? description : description[..MaxDescription];

        // What does not fit is not cut: half a schema is none.
        var schema = tool.InputSchema.ValueKind == JsonValueKind.Object ? tool.InputSchema.GetRawText() : AnyObject;
        Parameters = schema.Length <= MaxParameters ? schema : AnyObject;
        IsIdempotent = settings.Idempotent is { } named
            ? McpServerSettings.Has(named, tool.Name)
            : tool.Annotations is { ReadOnlyHint: true } or { IdempotentHint: true };
        NeedsApproval = McpServerSettings.Has(settings.Approve, tool.Name);
    }

    public string Name { get; }

    public string Description { get; }

    public string Parameters { get; }

    public bool IsIdempotent { get; }

    public bool NeedsApproval { get; }

    public async Task<string> Call(string arguments, string key, CancellationToken cancellationToken)
    {
        var call = new CallToolRequestParams { Name = _name, Arguments = Read(arguments), Meta = new JsonObject { [KeyName] = key } };
        var client = _server.Client;
        CallToolResult result;
        try
        {
            result = await client.CallToolAsync(call, cancellationToken);
        }
        catch (McpException e)
        {
            throw new AgentToolException(e.Message, e);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Of whatever kind it is: the server is gone, or it does not speak as it should.
            var why = e.Message.ReplaceLineEndings(" ").TrimEnd('.');
            _server.Lose(why);
            throw new AgentToolException(
                IsIdempotent
                    ? $"The server of this tool went away during the call: {why}. It may be called again."
                    : $"The server of this tool went away during the call: {why}. It is not known whether the call had its effect.",
                e);
        }

        var text = Text(result);
        return result.IsError == true ? throw new AgentToolException(text) : text;
    }

    /// <summary>What a result says to a model: its texts, and of all else what it is.</summary>
    internal static string Text(CallToolResult result)
    {
        var said = string.Join('\n', result.Content.Select(static content => content switch
        {
            TextContentBlock text => text.Text,
            EmbeddedResourceBlock { Resource: TextResourceContents text } => text.Text,
            EmbeddedResourceBlock { Resource: var resource } => $"(a resource, {resource.Uri}, {resource.MimeType}, which is no text)",
            ResourceLinkBlock link => $"(a link to {link.Name}: {link.Uri})",
            ImageContentBlock image => $"(an image, {image.MimeType}, which is not shown)",
            AudioContentBlock audio => $"(a sound, {audio.MimeType}, which is not heard)",
            _ => $"(content of the type {content.Type}, which is not shown)",
        }));
        return said.Length == 0 && result.StructuredContent is { } structured ? structured.ToString() : said;
    }

    private static Dictionary<string, JsonElement> Read(string arguments)
    {
        try
        {
            using var json = JsonDocument.Parse(arguments);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? json.RootElement.EnumerateObject().ToDictionary(static field => field.Name, static field => field.Value.Clone())
                : throw new AgentToolException("The arguments are no JSON object.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new AgentToolException($"The arguments are no JSON object: {e.Message}", e);
        }
    }
}
