using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Crescent.Grains.Contracts.Local;
using Crescent.Grains.Contracts.Membership;
using Crescent.Tests.Grains;

namespace Crescent.Tests.Silo.Supervision;

/// <summary>The local cluster as its user runs it: real processes on free ports.</summary>
public sealed class LocalClusterProcessTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cluster_serves_restarts_its_silos_and_stops_without_a_trace()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using var run = SiloRun.Start("--urls", "http://127.0.0.1:0");
        await run.Line("Ctrl+C stops");
        Assert.Equal(["device-1", "device-2", "front"], run.Silos.Keys.Order());
        var cluster = run.Cluster;
        Assert.True(cluster.IsRunning);
        Assert.Contains(cluster.Url, run.Output, StringComparison.Ordinal);
        using var http = new HttpClient { BaseAddress = new Uri(cluster.Url) };
        var health = await http.GetFromJsonAsync<JsonObject>("/health", Stop);
        Assert.Equal("ok", (string?)health!["status"]);
        Assert.Equal(2, (int?)health["devices"]);
        Assert.Equal("23 + 48 = 71", await Chat(http));
        await OnlyDeviceSilosHaveGateways(cluster);

        await SiloRun.Signal("KILL", run.Silos["device-2"]);
        Assert.Contains("137", await run.Line("device-2 (process"), StringComparison.Ordinal);
        Assert.Equal("23 + 48 = 71", await Chat(http));
        await run.Line("device-2 joined again");
        await FactoryCluster.UntilAsync(async () => await Devices(http) == 2, "the device is back");

        await SiloRun.Signal("KILL", run.Silos["front"]);
        await run.Line("front joined again");
        await FactoryCluster.UntilAsync(async () => await Devices(http) == 2, "the front end is back where it was");
        Assert.Equal("23 + 48 = 71", await Chat(http));

        await SiloRun.Signal("TERM", run.ProcessId);
        Assert.Equal(0, await run.Exit());
        Assert.Contains("Stopped.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(run.Silos.Values, SiloRun.IsRunning);
        Assert.DoesNotContain(run.Again.Values, SiloRun.IsRunning);
        Assert.False(Directory.Exists(LocalCluster.Folder(cluster.ClusterId)));
    }

    [Fact]
    public async Task Silos_do_not_outlive_a_supervisor_that_is_killed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using var run = SiloRun.Start("--silos", "2", "--urls", "http://127.0.0.1:0");
        await run.Line("Ctrl+C stops");
        var silos = run.Silos;
        var cluster = run.Cluster;
        Assert.Equal(2, silos.Count);
        Assert.All(silos.Values, id => Assert.True(SiloRun.IsRunning(id)));
        await SiloRun.Signal("KILL", run.ProcessId);
        foreach (var id in silos.Values)
        {
            await SiloRun.Gone(id);
        }

        Assert.False(cluster.IsRunning);
        Assert.NotEqual(cluster, LocalCluster.FindRunning());
    }

    [Fact]
    public async Task One_process_serves_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using var run = SiloRun.Start("--silos", "1", "--urls", "http://127.0.0.1:0");
        await run.Line("Ctrl+C stops");
        using (var http = new HttpClient { BaseAddress = new Uri(run.Cluster.Url) })
        {
            Assert.Equal("23 + 48 = 71", await Chat(http));
        }

        var folder = LocalCluster.Folder(run.Cluster.ClusterId);
        await SiloRun.Signal("INT", run.ProcessId);
        Assert.Equal(0, await run.Exit());
        Assert.False(Directory.Exists(folder));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    public async Task A_taken_port_is_named_with_the_option_that_moves_it(string silos)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var run = SiloRun.Start("--silos", silos, "--urls", $"http://127.0.0.1:{port}");
        Assert.Equal(1, await run.Exit());
        var line = await run.Line("--urls");
        Assert.Contains($"{port}", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_model_is_named()
    {
        using var run = SiloRun.Start("--model", TestFiles.Project("Cluster.sln"));
        Assert.Equal(1, await run.Exit());
        await run.Line("Cluster.sln");
        Assert.DoesNotContain("   at ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_that_ends_too_often_is_given_up_and_the_others_serve_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using var run = SiloRun.Start("--urls", "http://127.0.0.1:0", "--restarts", "0");
        await run.Line("Ctrl+C stops");
        using var http = new HttpClient { BaseAddress = new Uri(run.Cluster.Url) };
        await SiloRun.Signal("KILL", run.Silos["device-2"]);
        await run.Line("device-2 is not started again");
        Assert.Contains("device-1, front", string.Join(", ", (await run.Line("Left:"))["Left: ".Length..].TrimEnd('.').Split(", ").Order()), StringComparison.Ordinal);
        Assert.Equal("23 + 48 = 71", await Chat(http));
        await SiloRun.Signal("KILL", run.Silos["device-1"]);
        await run.Line("Without a device nothing can be served");
        await FactoryCluster.UntilAsync(async () => await Devices(http) == 0, "the front end knows");
        using var refused = await http.PostAsJsonAsync("/v1/completions", new { prompt = "a" }, Stop);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        await SiloRun.Signal("TERM", run.ProcessId);
        Assert.Equal(0, await run.Exit());
    }

    [Fact]
    public async Task The_membership_table_stays_while_a_silo_of_it_lives()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        using var run = SiloRun.Start("--silos", "2", "--urls", "http://127.0.0.1:0");
        await run.Line("Ctrl+C stops");
        var cluster = run.Cluster;
        using var byHand = SiloRun.Start("--role", "device", "--cluster-id", cluster.ClusterId, "--name", "by-hand");
        await byHand.Line("by-hand joined");
        await SiloRun.Signal("TERM", run.ProcessId);
        Assert.Equal(0, await run.Exit());
        Assert.Contains("by-hand", await run.Line("membership file stays"), StringComparison.Ordinal);
        var members = await new FileMembershipTable(cluster.MembershipFile).ReadAll();
        Assert.Equal("by-hand", Assert.Single(members.Members, static m => m.Item1.Status == SiloStatus.Active).Item1.SiloName);
        await SiloRun.Signal("TERM", byHand.ProcessId);
        await byHand.Exit();
        Directory.Delete(LocalCluster.Folder(cluster.ClusterId), recursive: true);
    }

    /// <summary>Devices that the front end sees; null while it is not there.</summary>
    private static async Task<int?> Devices(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync("/health", Stop);
            var health = await answer.Content.ReadFromJsonAsync<JsonObject>(Stop);
            return (string?)health!["status"] == "warming_up" ? null : (int?)health["devices"];
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async Task OnlyDeviceSilosHaveGateways(LocalCluster cluster)
    {
        foreach (var (member, _) in (await new FileMembershipTable(cluster.MembershipFile).ReadAll()).Members)
        {
            Assert.True(IPAddress.IsLoopback(member.SiloAddress.Endpoint.Address));
            Assert.Equal(member.SiloName == "front", member.ProxyPort == 0);
        }
    }

    private static async Task<string?> Chat(HttpClient http)
    {
        using var answer = await http.PostAsJsonAsync(
            "/v1/chat/completions",
            new { messages = new[] { new { role = "user", content = "What is 23 + 48?" } }, temperature = 0, max_tokens = 32 },
            Stop);
        var json = await answer.Content.ReadFromJsonAsync<JsonObject>(Stop);
        return answer.IsSuccessStatusCode ? (string?)json!["choices"]![0]!["message"]!["content"] : json!.ToJsonString();
    }
}
