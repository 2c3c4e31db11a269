using System.Text.Json;
using Crescent.Client.Commands;
using Crescent.Grains.Contracts.Hub;
using Crescent.Tests.Grains.Contracts.Hub;

namespace Crescent.Tests.Client.Commands;

public sealed class PullCommandTests
{
    [Fact]
    public async Task A_model_is_pulled_listed_and_removed()
    {
        await using var hub = await FakeHub.Start([("model-Q4_K_M.gguf", [1, 2, 3]), ("model-Q8_0.gguf", [4])]);
        Environment.SetEnvironmentVariable(HubSettings.EndpointVariable, hub.Endpoint.ToString());
        try
        {
            var (code, output, _) = await Run("pull", "hf:owner/model-GGUF:Q8_0");
            Assert.Equal(ExitCodes.Success, code);
            Assert.Equal([4], await File.ReadAllBytesAsync(output.Trim(), TestContext.Current.CancellationToken));

            Assert.Contains("hf:owner/model-GGUF:model-Q8_0", (await Run("models", "list")).Output, StringComparison.Ordinal);
            using (var listed = JsonDocument.Parse((await Run("models", "list", "--json")).Output))
            {
                var model = Assert.Single(listed.RootElement.GetProperty("models").EnumerateArray(), static model => model.GetProperty("reference").GetString() == "hf:owner/model-GGUF:model-Q8_0");
                Assert.Equal((output.Trim(), 1), (model.GetProperty("file").GetString(), model.GetProperty("bytes").GetInt64()));
                Assert.Equal(["main", FakeHub.Commit], model.GetProperty("revisions").EnumerateArray().Select(static revision => revision.GetString()));
            }

            Assert.Equal(ExitCodes.Success, (await Run("models", "remove", "hf:owner/model-GGUF:Q8_0")).Code);
            Assert.DoesNotContain("hf:owner/model-GGUF", (await Run("models", "list")).Output, StringComparison.Ordinal);
            (code, _, var error) = await Run("models", "remove", "hf:owner/model-GGUF:Q8_0");
            Assert.Equal(ExitCodes.Failure, code);
            Assert.Contains("models list", error, StringComparison.Ordinal);
            Assert.Contains("it has model-Q4_K_M, model-Q8_0", (await Run("pull", "hf:owner/model-GGUF:Q2_K")).Error, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(HubSettings.EndpointVariable, null);
        }
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        var terminal = new FakeTerminal();
        var code = await ClientCommandLine.Run(args, terminal.Terminal, static (_, _) => throw new InvalidOperationException("No cluster is needed."));
        return (code, terminal.Output, terminal.Error);
    }
}
