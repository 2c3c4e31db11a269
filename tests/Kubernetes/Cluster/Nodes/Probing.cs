using System.Net;
using System.Net.Sockets;
using k8s.Models;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>A probe of a container, as a kubelet asks it.</summary>
/// <param name="probe">The probe.</param>
/// <param name="container">What it asks.</param>
/// <param name="address">Where that is.</param>
/// <param name="space">In which network namespace commands run.</param>
internal sealed class Probing(V1Probe probe, V1Container container, IPAddress address, string space)
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Between two questions.</summary>
    public TimeSpan Period => TimeSpan.FromSeconds(probe.PeriodSeconds ?? 10);

    /// <summary>Failures in a row that count.</summary>
    public int FailureThreshold => probe.FailureThreshold ?? 3;

    /// <summary>Asks once.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public async Task<string?> Ask(CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(TimeSpan.FromSeconds(probe.TimeoutSeconds ?? 1));
        try
        {
            return probe switch
            {
                { HttpGet: { } get } => await Get(get, patience.Token),
                { TcpSocket: { } socket } => await Connect(socket, patience.Token),
                { Exec: { } exec } => await Exec(exec, patience.Token),
                _ => throw new NotSupportedException("A probe of that kind is not known here."),
            };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"no answer within {probe.TimeoutSeconds ?? 1} s";
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            return e.Message;
        }
    }

    private async Task<string?> Get(V1HTTPGetAction get, CancellationToken stop)
    {
        using var answer = await Http.GetAsync($"http://{address}:{Port(get.Port)}{get.Path}", stop);
        return (int)answer.StatusCode is >= 200 and < 400 ? null : $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(stop)}";
    }

    private async Task<string?> Connect(V1TCPSocketAction action, CancellationToken stop)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(address, Port(action.Port), stop);
        return null;
    }

    private async Task<string?> Exec(V1ExecAction exec, CancellationToken stop)
    {
        var variables = PodPrograms.Variables(container).Select(static v => $"{v.Key}={v.Value}");
        var (code, output, error) = await Tool.Run("nsenter", [$"--net=/var/run/netns/{space}", "env", .. variables, .. PodPrograms.Exec(exec.Command)]).WaitAsync(stop);
        return code == 0 ? null : $"{code}: {output}{error}";
    }

    private int Port(IntOrString port) => int.TryParse(port, out var number) ? number : container.Ports.Single(p => p.Name == port).ContainerPort;
}
