using System.Globalization;
using System.Net;

namespace Crescent.Tests.Kubernetes.Cluster.Nodes;

/// <summary>A bridge of this machine, and a network namespace a pod on it, each with an address of its own.</summary>
internal sealed class PodNetwork : IAsyncDisposable
{
    private const string Lost = "02:00:00:00:00:01";

    private const int MostTries = 3;

    private readonly string _name;
    private readonly string _prefix;
    private readonly HashSet<string> _spaces = [];
    private readonly Lock _lock = new();
    private int _next = 1;

    private PodNetwork(string name, string prefix) => (_name, _prefix) = (name, prefix);

    /// <summary>Address of the nodes, from which pods are probed.</summary>
    public IPAddress Node => IPAddress.Parse($"{_prefix}.1");

    /// <summary>Makes the bridge; skips the running test where that cannot be.</summary>
    public static async Task<PodNetwork> Create()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Pods need network namespaces, which only root of a Linux can make");
        Assert.SkipUnless(Tool.Find("ip") is not null && Tool.Find("nsenter") is not null, "There is no ip or no nsenter on the PATH (Debian: iproute2, util-linux)");
        var id = Environment.ProcessId;
        var network = new PodNetwork(
            string.Create(CultureInfo.InvariantCulture, $"crs{id % 1_000_000}"), string.Create(CultureInfo.InvariantCulture, $"10.{128 + (id / 250 % 100)}.{id % 250}"));
        var (code, error) = await Try($"ip link add {network._name} type bridge; ip addr add {network.Node}/24 dev {network._name}; ip link set {network._name} up");
        Assert.SkipUnless(code == 0, $"Network namespaces cannot be made here: {error.Trim()}");
        return network;
    }

    /// <summary>Makes a namespace, and gives its name and address. The kernel may find, while others are made, that something exists which does not: then another is made.</summary>
    public async Task<(string Space, IPAddress Address)> Add()
    {
        for (var tries = 1; ; tries++)
        {
            int number;
            string space;
            lock (_lock)
            {
                number = ++_next;
                space = $"{_name}p{number}";
                _spaces.Add(space);
            }

            var address = $"{_prefix}.{(number % 250) + 2}";
            var commands = $"ip netns add {space}; ip link add {_name}v{number} type veth peer name eth0 netns {space}; ip link set {_name}v{number} master {_name} up; "
                + $"ip -n {space} addr add {address}/24 dev eth0; ip -n {space} link set eth0 up; ip -n {space} link set lo up; ip -n {space} route add default via {Node}";
            var (code, error) = await Try(commands);
            if (code == 0)
            {
                return (space, IPAddress.Parse(address));
            }

            await Try($"ip netns del {space}");
            if (tries == MostTries)
            {
                throw new InvalidOperationException($"{commands}: {error}");
            }
        }
    }

    /// <summary>Takes it away with its interface.</summary>
    public async Task Remove(string space)
    {
        await Run($"ip netns del {space}");
        lock (_lock)
        {
            _spaces.Remove(space);
        }
    }

    /// <summary>From here on nothing that a namespace sends arrives at an address, and it is not told so: a partition in that direction.</summary>
    public static Task Cut(string space, IPAddress to) => Run($"ip -n {space} neigh replace {to} lladdr {Lost} dev eth0 nud permanent");

    /// <summary>Mends it.</summary>
    public static Task Mend(string space, IPAddress to) => Run($"ip -n {space} neigh del {to} dev eth0");

    public async ValueTask DisposeAsync()
    {
        foreach (var space in _spaces)
        {
            await Try($"ip netns del {space}");
        }

        await Try($"ip link del {_name}");
    }

    private static async Task Run(string commands)
    {
        var (code, error) = await Try(commands);
        if (code != 0)
        {
            throw new InvalidOperationException($"{commands}: {error}");
        }
    }

    private static async Task<(int Code, string Error)> Try(string commands)
    {
        var (code, _, error) = await Tool.Run("/bin/sh", ["-e", "-c", commands]);
        return (code, error);
    }
}
