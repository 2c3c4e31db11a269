using System.Diagnostics;
using Crescent.Sdk;
using Crescent.Tests.Silo;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Sdk;

/// <summary>The package's clients against a real silo with the embedded model.</summary>
public sealed class HttpClientTests(SiloFixture silo)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_program_has_tools_structure_embeddings_and_usage_over_http()
    {
        using var host = Host(await silo.Url());
        await AskedByPrograms.Works(host.Services.GetRequiredService<IChatClient>());
        await AskedByPrograms.Embeds(host.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>());
        var keyed = host.Services.GetRequiredKeyedService<IChatClient>("tiny");
        Assert.Equal("crescent-tiny", keyed.GetService<ChatClientMetadata>()!.DefaultModelId);
        Assert.Equal("23 + 48 = 71", (await keyed.GetResponseAsync("What is 23 + 48?", new ChatOptions { Temperature = 0 }, Stop)).Text);
    }

    [Fact]
    public async Task The_sample_answers_a_question()
    {
        // Its own folder: the tests' lacks what their shared framework has.
        var built = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = TestFiles.Project("samples", "chat", "bin", built.Parent!.Name, built.Name, "Crescent.Samples.Chat" + (OperatingSystem.IsWindows() ? ".exe" : ""));
        var start = new ProcessStartInfo(program, ["What is 23 + 48?"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["ConnectionStrings__crescent"] = $"Endpoint={await silo.Url()}" },
        };
        using var sample = Process.Start(start)!;
        var (output, error) = (sample.StandardOutput.ReadToEndAsync(Stop), sample.StandardError.ReadToEndAsync(Stop));
        await sample.WaitForExitAsync(Stop);
        Assert.True(sample.ExitCode == 0, await error);
        Assert.True((await output).Trim().Length > 0);
        Assert.Contains(" mJ", await error, StringComparison.Ordinal);
        Assert.True(File.ReadAllLines(TestFiles.Project("samples", "chat", "Program.cs")).Length <= 30);
        Assert.True(File.ReadAllLines(TestFiles.Project("samples", "apphost", "Program.cs")).Length <= 30);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080/", null, null)]
    [InlineData("Endpoint=https://factory;Model=m;Key=k", "https://factory/", "m", "k")]
    public void A_connection_string_is_an_address_or_parts(string text, string endpoint, string? model, string? key)
    {
        var options = new CrescentClientOptions();
        options.Read(text);
        Assert.Equal((endpoint, model, key), (options.Endpoint!.AbsoluteUri, options.Model, options.Key));
        Assert.Throws<FormatException>(() => options.Read("Endpoint=nowhere at all"));
        Assert.Throws<FormatException>(() => options.Read("Endpoint=http://a;Colour=red"));
    }

    [Fact]
    public async Task A_factory_without_an_address_is_refused_at_the_start()
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.AddCrescentClient("crescent").AddChatClient();
        using var host = builder.Build();
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Stop));
        Assert.Contains("Factory 'crescent': Endpoint is no http", refused.Message, StringComparison.Ordinal);
    }

    private static IHost Host(string url)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:crescent", $"Endpoint={url}")]);
        var crescent = builder.AddCrescentClient("crescent");
        crescent.AddChatClient();
        crescent.AddKeyedChatClient("tiny", "crescent-tiny");
        crescent.AddEmbeddingGenerator();
        return builder.Build();
    }
}
