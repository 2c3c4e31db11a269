using System.Text.Json.Nodes;

namespace Crescent.Tests.Silo.Tools;

/// <summary>
/// An MCP server that is a shell script: it speaks on its standard input and output, has a few tools, and writes each call and its own start and end to a file.
/// </summary>
internal sealed class ScriptedMcpServer : IDisposable
{
    private const string Script = """
        #!/bin/sh
        log="$CRESCENT_TEST_LOG"
        echo "start $$ secret=${CRESCENT_TEST_SECRET:-none}" >> "$log"
        say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
        while IFS= read -r line; do
          id=$(printf '%s' "$line" | sed -n 's/.*"id":\("[^"]*"\|[0-9][0-9]*\).*/\1/p')
          case "$line" in
            *'"method":"initialize"'*)
              say '{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"scripted","version":"1"}}' ;;
            *'"method":"tools/list"'*)
              if [ -e "$log.more" ]; then more=',{"name":"late","inputSchema":{"type":"object"}}'; else more=''; fi
              say '{"tools":[{"name":"calculator","description":"Computes.","inputSchema":{"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"]},"annotations":{"readOnlyHint":true}},{"name":"order.buy","description":"Buys.","inputSchema":{"type":"object"}},{"name":"picture","inputSchema":{"type":"object"},"annotations":{"idempotentHint":true}},{"name":"fail","inputSchema":{"type":"object"}},{"name":"die","inputSchema":{"type":"object"}},{"name":"hidden","inputSchema":{"type":"object"}}'"$more"']}' ;;
            *'"method":"tools/call"'*)
              printf 'call %s\n' "$line" >> "$log"
              case "$line" in
                *'"name":"picture"'*) say '{"content":[{"type":"text","text":"A cat."},{"type":"image","data":"AAAA","mimeType":"image/png"},{"type":"resource_link","uri":"file:///cat.txt","name":"cat"}]}' ;;
                *'"name":"fail"'*) say '{"content":[{"type":"text","text":"No such order."}],"isError":true}' ;;
                *'"name":"die"'*) exit 3 ;;
                *) say '{"content":[{"type":"text","text":"64823"}]}' ;;
              esac ;;
            *)
              if [ -n "$id" ]; then printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"Method not found"}}\n' "$id"; fi ;;
          esac
        done
        echo "end $$" >> "$log"
        """;

    private readonly TemporaryFolder _folder = new();

    /// <param name="fields">Further fields of the server in the file, as JSON.</param>
    public ScriptedMcpServer(string fields = """ "allow": ["*"] """)
    {
        System.IO.File.WriteAllText(_folder.At("server.sh"), Script);
        System.IO.File.WriteAllText(File, $$"""{"mcpServers": {"shop": {"command": "sh", "args": ["server.sh"], "env": {"CRESCENT_TEST_LOG": "{{Log}}"}, {{fields}} } } }""");
    }

    /// <summary>The file of MCP servers that names it.</summary>
    public string File => _folder.At("mcp.json");

    /// <summary>What it has written.</summary>
    public IReadOnlyList<string> Lines => System.IO.File.Exists(Log) ? System.IO.File.ReadAllText(Log).Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];

    /// <summary>The calls that it got.</summary>
    public IReadOnlyList<JsonNode> Calls => [.. Lines.Where(static line => line.StartsWith("call ", StringComparison.Ordinal)).Select(static line => JsonNode.Parse(line[5..])!["params"]!)];

    private string Log => _folder.At("log");

    /// <summary>Gives it one more tool, <c>late</c>.</summary>
    public void HaveMore() => System.IO.File.WriteAllText(Log + ".more", "");

    public void Dispose() => _folder.Dispose();
}
