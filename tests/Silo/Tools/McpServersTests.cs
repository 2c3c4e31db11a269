using Crescent.Grains.Agents;
using Crescent.Silo.Tools;
using Crescent.Tests.Silo.Api;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crescent.Tests.Silo.Tools;

/// <summary>MCP servers that are processes, over the official client.</summary>
public sealed class McpServersTests
{
    private static readonly McpPauses Quick = new()
    {
        First = TimeSpan.FromMilliseconds(20),
        Longest = TimeSpan.FromMilliseconds(200),
        Look = TimeSpan.FromMilliseconds(100),
        Connect = TimeSpan.FromSeconds(30),
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tools_that_are_allowed_are_there_by_the_names_of_server_and_tool_and_no_others()
    {
        using var server = new ScriptedMcpServer(""" "allow": ["calculator", "order.buy", "picture"], "approve": ["order.buy"] """);
        await using var own = await Started.Of(server);
        var tools = own.Servers.Tools;
        Assert.Equal(["shop__calculator", "shop__order_buy", "shop__picture"], tools.Select(static tool => tool.Name));
        Assert.Equal([true, false, true], tools.Select(static tool => tool.IsIdempotent));
        Assert.Equal([false, true, false], tools.Select(static tool => tool.NeedsApproval));
        Assert.Equal("Computes.", tools[0].Description);
        Assert.Contains("\"expression\"", tools[0].Parameters, StringComparison.Ordinal);
        Assert.Null(await own.Servers.Find("shop__hidden", Stop));
        Assert.Null(await own.Servers.Find("other__calculator", Stop));
    }

    [Fact]
    public async Task The_files_own_word_of_what_is_idempotent_goes_before_the_servers()
    {
        using var server = new ScriptedMcpServer(""" "allow": ["calculator", "fail"], "idempotent": ["fail"] """);
        await using var own = await Started.Of(server);
        Assert.Equal([false, true], own.Servers.Tools.Select(static tool => tool.IsIdempotent));
    }

    [Fact]
    public async Task A_call_takes_its_arguments_and_its_key_to_the_server()
    {
        using var server = new ScriptedMcpServer();
        await using var own = await Started.Of(server);
        Assert.Equal("64823", await own.Tool("calculator").Call("""{"expression":"71 * 913"}""", "task-1/tool-0-0", Stop));
        var call = Assert.Single(server.Calls);
        Assert.Equal("calculator", (string)call["name"]!);
        Assert.Equal("71 * 913", (string)call["arguments"]!["expression"]!);
        Assert.Equal("task-1/tool-0-0", (string)call["_meta"]!["crescent/idempotencyKey"]!);
    }

    [Fact]
    public async Task Content_that_is_no_text_is_named_and_an_error_is_told_to_the_model()
    {
        using var server = new ScriptedMcpServer();
        await using var own = await Started.Of(server);
        Assert.Equal("A cat.\n(an image, image/png, which is not shown)\n(a link to cat: file:///cat.txt)", await own.Tool("picture").Call("{}", "k", Stop));
        Assert.Equal("No such order.", (await Assert.ThrowsAsync<AgentToolException>(() => own.Tool("fail").Call("{}", "k", Stop))).Message);
        await Assert.ThrowsAsync<AgentToolException>(() => own.Tool("fail").Call("[1]", "k", Stop));
    }

    [Fact]
    public async Task A_server_that_dies_is_connected_again_and_the_model_hears_that_it_went()
    {
        using var server = new ScriptedMcpServer();
        await using var own = await Started.Of(server);
        var fault = await Assert.ThrowsAsync<AgentToolException>(() => own.Tool("die").Call("{}", "k", Stop));
        Assert.Contains("not known whether", fault.Message, StringComparison.Ordinal);
        await TestFront.Until(() => server.Lines.Count(static line => line.StartsWith("start", StringComparison.Ordinal)) >= 2, "it has started again");
        await TestFront.Until(() => own.Calls("calculator"), "its tools can be called again");
    }

    [Fact]
    public async Task Tools_that_come_later_are_there_later()
    {
        using var server = new ScriptedMcpServer();
        await using var own = await Started.Of(server);
        Assert.Null(await own.Servers.Find("shop__late", Stop));
        server.HaveMore();
        await TestFront.Until(() => own.Servers.Tools.Any(static tool => tool.Name == "shop__late"), "the new tool is there");
    }

    [Fact]
    public async Task A_server_that_cannot_be_started_says_why_to_the_model()
    {
        var settings = new McpServerSettings { Name = "none", Command = "/nowhere/none", Folder = "/", Allow = new HashSet<string> { "*" } };
        await using var own = new Started(new McpServers([settings], Quick, NullLoggerFactory.Instance));
        await own.Servers.StartAsync(Stop);
        var fault = await Assert.ThrowsAsync<AgentToolException>(() => own.Servers.Find("none__search", Stop));
        Assert.Contains("'none'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be reached", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_process_ends_with_the_silo_and_has_none_of_its_secrets()
    {
        using var server = new ScriptedMcpServer();
        Environment.SetEnvironmentVariable("CRESCENT_TEST_SECRET", "hush");
        try
        {
            await using var own = await Started.Of(server);
        }
        finally
        {
            Environment.SetEnvironmentVariable("CRESCENT_TEST_SECRET", null);
        }

        Assert.EndsWith("secret=none", server.Lines[0], StringComparison.Ordinal);
        var process = int.Parse(server.Lines[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        await TestFront.Until(() => !Directory.Exists($"/proc/{process}"), "the process is gone");
    }

    /// <summary>Servers that run for a test.</summary>
    private sealed class Started(McpServers servers) : IAsyncDisposable
    {
        public McpServers Servers { get; } = servers;

        public static async Task<Started> Of(ScriptedMcpServer server)
        {
            var own = new Started(new McpServers(McpFile.Read(server.File), Quick, NullLoggerFactory.Instance));
            await own.Servers.StartAsync(Stop);
            await TestFront.Until(() => own.Servers.Tools.Count > 0, "the tools are there");
            return own;
        }

        public IAgentTool Tool(string name) => Servers.Tools.Single(tool => tool.Name == "shop__" + name);

        public bool Calls(string name)
        {
            try
            {
                return Tool(name).Call("{}", "again", Stop).GetAwaiter().GetResult().Length > 0;
            }
            catch (AgentToolException)
            {
                return false;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Servers.StopAsync(CancellationToken.None);
            Servers.Dispose();
        }
    }
}
