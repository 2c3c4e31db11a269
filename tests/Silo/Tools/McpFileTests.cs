using Crescent.Silo.Configuration;
using Crescent.Silo.Tools;

namespace Crescent.Tests.Silo.Tools;

public sealed class McpFileTests
{
    [Fact]
    public void Servers_are_processes_or_addresses_and_relative_paths_go_by_the_folder_of_the_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("mcp.json"), """
            {"mcpServers": {
              // A comment, as people write them.
              "files": {"command": "./bin/files", "args": ["--root", "data"], "env": {"A": "b"}, "cwd": "work", "allow": ["read"], "idempotent": ["read"]},
              "web": {"type": "http", "url": "https://mcp.example.com/mcp", "headers": {"Authorization": "Bearer x"}, "allow": ["*"], "approve": ["post"]},
            }}
            """);
        var servers = McpFile.Read(folder.At("mcp.json"));
        Assert.Equal(["files", "web"], servers.Select(static server => server.Name));
        Assert.Equal((folder.At("bin/files"), folder.At("work")), (servers[0].Command, servers[0].Folder));
        Assert.Equal(["--root", "data"], servers[0].Arguments);
        Assert.Equal("b", servers[0].Environment["A"]);
        Assert.Equal("https://mcp.example.com/mcp", servers[1].Url!.ToString());
        Assert.Equal("Bearer x", servers[1].Headers["Authorization"]);
        Assert.Null(servers[1].Idempotent);
        Assert.True(McpServerSettings.Has(servers[1].Allow, "anything"));
    }

    [Theory]
    [InlineData("""{"servers": {}}""", "mcpServers")]
    [InlineData("""{"mcpServers": {"a": {"command": "x"}}}""", "mcpServers.a.allow")]
    [InlineData("""{"mcpServers": {"a": {"allow": []}}}""", "'command' or 'url'")]
    [InlineData("""{"mcpServers": {"a": {"command": "x", "url": "http://x", "allow": []}}}""", "'command' or 'url'")]
    [InlineData("""{"mcpServers": {"a": {"command": "x", "allow": ["b"], "headers": {}}}}""", "mcpServers.a.headers")]
    [InlineData("""{"mcpServers": {"a": {"command": "x", "allow": ["b"], "approve": ["c"]}}}""", "'c'")]
    [InlineData("""{"mcpServers": {"a": {"command": "x", "allow": "b"}}}""", "mcpServers.a.allow")]
    [InlineData("""{"mcpServers": {"a": {"url": "ftp://x", "allow": []}}}""", "ftp://x")]
    [InlineData("""{"mcpServers": {"a__b": {"command": "x", "allow": []}}}""", "mcpServers.a__b")]
    [InlineData("""{"mcpServers": {"a": {"command": "x", "args": "y", "allow": []}}}""", "mcpServers.a.args")]
    [InlineData("nothing", "--mcp")]
    public void What_is_wrong_in_the_file_is_named(string text, string said)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.At("mcp.json"), text);
        var fault = Assert.Throws<StartException>(() => McpFile.Read(folder.At("mcp.json")));
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
        Assert.Contains("mcp.json", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Mcp", "nowhere/none.json", "a file that is there")]
    [InlineData("HttpGetHosts", "*", "*.HOST")]
    [InlineData("HttpGetHosts", "http://a.example", "HOST:PORT")]
    [InlineData("HttpGetHosts", "a.example/path", "HOST:PORT")]
    public void A_wrong_tool_setting_is_named_with_what_it_takes(string key, string value, string said)
    {
        var fault = Assert.Throws<StartException>(() => Settings.Read<ToolOptions>(Settings.Load([new($"{Settings.Section}:{key}", value)])));
        Assert.Contains(key, fault.Message, StringComparison.Ordinal);
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.example")]
    [InlineData("*.a.example;b.example:8443")]
    [InlineData("localhost:1234")]
    [InlineData("[2001:4860::1]:8080")]
    public void Hosts_of_every_form_are_taken(string hosts) => Assert.Empty(new ToolOptions { HttpGetHosts = hosts }.Problems());
}
