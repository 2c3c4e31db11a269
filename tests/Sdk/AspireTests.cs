using System.Reflection;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Crescent.Aspire.Hosting;
using Crescent.Sdk;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mono.Cecil;

namespace Crescent.Tests.Sdk;

/// <summary>A factory as a resource of an AppHost, and one that its orchestrator has started.</summary>
public sealed class AspireTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task A_program_asks_a_factory_that_an_AppHost_has_started()
    {
        var (orchestrator, dashboard) = (OfSample("dcpclipath"), OfSample("aspiredashboardpath"));
        Assert.SkipUnless(File.Exists(orchestrator), "Aspire's orchestrator is not here: it comes when samples/apphost is restored");
        using var home = new TemporaryFolder();
        using var late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(Patience);
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true, Args = [$"DcpPublisher:CliPath={orchestrator}", $"DcpPublisher:DashboardPath={dashboard}"] });
        builder.Services.AddLogging(static logging => logging.ClearProviders());
        var crescent = builder.AddCrescent("crescent", Built("silo", "Crescent.Silo")).WithPowerBudget("0.8").WithHome(home.Path).WithArgs("--silos", "1");
        await using var app = builder.Build();
        await app.StartAsync(late.Token);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("crescent", WaitBehavior.StopOnResourceUnavailable, late.Token);

        var options = new CrescentClientOptions();
        options.Read((await crescent.Resource.ConnectionStringExpression.GetValueAsync(late.Token))!);
        using var http = new HttpClient { BaseAddress = options.Endpoint };
        using var chat = new HttpChatClient(http, options);
        Assert.Equal("23 + 48 = 71", (await chat.GetResponseAsync("What is 23 + 48?", new ChatOptions { Temperature = 0 }, late.Token)).Text);
        await app.StopAsync(late.Token);
    }

    [Fact]
    public async Task A_factory_is_a_program_with_an_address_a_health_check_and_a_connection_string()
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true, Args = [] });
        var crescent = builder.AddCrescent("crescent", "/opt/silo/Crescent.Silo", port: 8080).WithModel("sim:llama-3-70b-fp8").WithDevices("sim:h100-sxm*8:tp8").WithPowerBudget("0.7").WithHome("/tmp/home");
        crescent.WithEndpoint(CrescentResource.HttpEndpoint, static endpoint =>
        {
            endpoint.TargetPort = 18080;
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 8080);
        });
        var resource = Assert.Single(builder.Resources.OfType<CrescentResource>());
        Assert.Equal(("/opt/silo/Crescent.Silo", "/opt/silo"), (resource.Command, resource.WorkingDirectory));
        Assert.Equal("Endpoint=http://localhost:8080", await resource.ConnectionStringExpression.GetValueAsync(TestContext.Current.CancellationToken));
        Assert.Single(resource.Annotations.OfType<HealthCheckAnnotation>());

        var args = new List<object>();
        foreach (var said in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
        {
            await said.Callback(new CommandLineArgsCallbackContext(args, TestContext.Current.CancellationToken));
        }

        Assert.Equal("--urls", args[0]);
        Assert.StartsWith("http://127.0.0.1:", Assert.IsType<ReferenceExpression>(args[1]).Format, StringComparison.Ordinal);
        Assert.Equal(["--model", "sim:llama-3-70b-fp8", "--devices", "sim:h100-sxm*8:tp8", "--power-budget", "0.7"], args.Skip(2));
    }

    /// <summary>Where the sample's build has found the orchestrator, or the dashboard that it asks for even where none is shown; empty where it has none.</summary>
    private static string OfSample(string name)
    {
        using var sample = AssemblyDefinition.ReadAssembly(Built(Path.Combine("samples", "apphost"), "Crescent.Samples.AppHost.dll"));
        return sample.CustomAttributes
            .Where(attribute => attribute.AttributeType.Name == nameof(AssemblyMetadataAttribute) && (string)attribute.ConstructorArguments[0].Value == name)
            .Select(static attribute => (string)attribute.ConstructorArguments[1].Value).FirstOrDefault("");
    }

    /// <summary>What a project has made, of the configuration that these tests are of.</summary>
    private static string Built(string project, string file)
    {
        var built = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return TestFiles.Project(project, "bin", built.Parent!.Name, built.Name, file);
    }
}
