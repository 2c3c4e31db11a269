using Crescent.Tests.Kubernetes;

namespace Crescent.Tests.Silo.Api;

/// <summary>JavaScript's clients against a real silo with the embedded model (<c>tests/node</c>).</summary>
public sealed class NodeClientTests(SiloFixture silo)
{
    private static readonly string Folder = TestFiles.Project("tests", "node");

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("langchain")]
    [InlineData("ai")]
    public async Task A_client_chats_streams_and_calls_tools(string client)
    {
        var node = Tool.Find("node");
        Assert.SkipUnless(node is not null, "There is no node on the PATH");
        Assert.SkipUnless(Directory.Exists(Path.Combine(Folder, "node_modules", "openai")), "The packages of tests/node are not installed (npm ci in tests/node)");
        var (code, output, error) = await Tool.Run(node, [Path.Combine(Folder, "clients.mjs"), client, await silo.Url()]);
        Assert.True(code == 0, output + error);
        Assert.EndsWith($"{client}: well\n", output, StringComparison.Ordinal);
    }
}
