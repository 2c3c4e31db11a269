using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Crescent.Aspire.Hosting;

namespace Crescent.Tests.Sdk;

/// <summary>A factory as a resource of an AppHost, as far as that can be seen without its orchestrator.</summary>
public sealed class AspireTests
{
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
}
