using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Kubernetes;

/// <summary>A silo that runs as in a container: as the built program on the machine's file system, and as the image.</summary>
public sealed class SandboxTests
{
    private static readonly string Image = TestFiles.Project("artifacts", "image", "rootfs");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_silo_needs_no_root_no_capability_and_no_file_of_its_own_and_drains_at_SIGTERM()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var dotnet = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

        // The checkout once more, as it may lie in /tmp; places to mount on where the machine has none.
        await Drains(
            ["--ro-bind", "/", "/", "--tmpfs", "/tmp", "--tmpfs", "/var/lib", "--ro-bind", TestFiles.Root, TestFiles.Root],
            dotnet, TestFiles.Project("silo", "bin", configuration, "net10.0", "Crescent.Silo.dll"));
    }

    [Fact]
    public async Task The_image_does_the_same_with_nothing_in_it_but_itself()
    {
        Assert.SkipUnless(File.Exists(Path.Combine(Image, "app", "Crescent.Silo")), "The image has not been made (k8s/image/build.sh)");
        Assert.All(new[] { "bin/sh", "usr/bin/env", "usr/bin/apt", "sbin/ldconfig" }, path => Assert.False(File.Exists(Path.Combine(Image, path)), path));
        await Drains(["--ro-bind", Image, "/", "--tmpfs", "/tmp"], "/app/Crescent.Silo");
    }

    [Fact]
    public async Task The_image_that_the_SDK_makes_starts_the_silo_where_it_puts_it()
    {
        // What becomes of `dotnet publish silo -t:PublishContainer`, whose base is in no registry at hand.
        var (code, output, error) = await Tool.Run(
            "dotnet",
            [
                "msbuild", TestFiles.Project("silo", "silo.csproj"), "-t:ComputeContainerConfig", "-p:RuntimeIdentifier=linux-x64", "-p:SelfContained=true",
                "-getItem:ContainerAppCommand", "-getProperty:ContainerWorkingDirectory", "-getProperty:ContainerUser",
            ]);
        Assert.True(code == 0, output + error);
        var made = JsonNode.Parse(output)!;
        Assert.Equal("/app/", (string?)made["Properties"]!["ContainerWorkingDirectory"]);
        Assert.Equal($"{Sandbox.User}", (string?)made["Properties"]!["ContainerUser"]);
        Assert.Equal("/app/Crescent.Silo", (string?)Assert.Single(made["Items"]!["ContainerAppCommand"]!.AsArray())!["Identity"]);
    }

    private static async Task Drains(string[] mounts, params string[] program)
    {
        var (http, ops) = (FreePort(), FreePort());
        await using var silo = await Sandbox.Start(
            mounts,
            [
                .. program, "--role", "all", "--urls", $"http://127.0.0.1:{http}", "--ops-urls", $"http://127.0.0.1:{ops}", "--devices", "sim:h100-sxm:tp8", "--model", "sim:llama-3-70b-fp8",
                "--warm-up-seconds", "0", "--drain-seconds", "60",
            ]);
        using var client = new HttpClient();
        await silo.Until(async () => await Status(client, $"http://127.0.0.1:{ops}/health/ready") == HttpStatusCode.OK, "it is ready");
        Assert.Equal(HttpStatusCode.OK, await Status(client, $"http://127.0.0.1:{ops}/health/live"));
        Assert.Equal(HttpStatusCode.OK, await Status(client, $"http://127.0.0.1:{ops}/metrics"));

        Assert.Matches($@"^\s*{Sandbox.User}\s+\d+\s+1\s*$", silo.Tells("uid_map"));
        Assert.Matches(@"CapEff:\s+0+\n", silo.Tells("status"));
        Assert.Matches(@"NoNewPrivs:\s+1\n", silo.Tells("status"));
        Assert.Matches(@"NSpid:\s+\d+\s+1\n", silo.Tells("status"));
        Assert.Matches(@"(?m)^\d+ \d+ \S+ \S+ / ro[,\s]", silo.Tells("mountinfo"));

        // A stream of some seconds, during which the end is asked for.
        using var question = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{http}/v1/completions");
        question.Content = new StringContent("""{"prompt":"Tell me all.","max_tokens":300,"ignore_eos":true,"stream":true,"temperature":0}""", Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(question, HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(Stop));
        Assert.StartsWith("data: ", await lines.ReadLineAsync(Stop), StringComparison.Ordinal);
        await silo.Terminate();
        await silo.Until(async () => await Status(client, $"http://127.0.0.1:{ops}/health/ready") == HttpStatusCode.ServiceUnavailable, "it says that it drains");
        var rest = await lines.ReadToEndAsync(Stop);
        Assert.Contains("\"finish_reason\":\"length\"", rest, StringComparison.Ordinal);
        Assert.Contains("data: [DONE]", rest, StringComparison.Ordinal);
        var (code, printed) = await silo.Exit();
        Assert.True(code == 0, printed);
    }

    private static async Task<HttpStatusCode?> Status(HttpClient client, string url)
    {
        try
        {
            using var answer = await client.GetAsync(url, Stop);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
