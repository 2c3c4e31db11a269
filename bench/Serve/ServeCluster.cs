using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Crescent.Engine.Model;
using Crescent.Silo.Configuration;

namespace Crescent.Bench.Serve;

/// <summary>The silos that one load after the other is put on: one that does all, or a front end and device silos, each in a process of its own.</summary>
internal sealed class ServeCluster(IReadOnlyList<ServeSilo> silos, string folder, LanguageModel text) : IAsyncDisposable
{
    private const string Model = "sim:llama-3-70b-fp8";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // What chat templates add to a message.
    private const int TemplateTokens = 12;

    /// <summary>Starts the silos of a cluster of so many processes.</summary>
    public static async Task<ServeCluster> Start(int processes)
    {
        var folder = Directory.CreateTempSubdirectory("crescent-serve-").FullName;
        var silos = new List<ServeSilo>();
        try
        {
            for (var i = 0; i < processes; i++)
            {
                silos.Add(ServeSilo.Start(i == 0 ? "front" : $"device-{i}", Settings(i, processes, folder)));
                await silos[i].Ready();
            }

            var cluster = new ServeCluster(silos, folder, LanguageModel.Open(ServingOptions.EmbeddedPath));
            await cluster.WaitUntilServing(Math.Max(1, processes - 1));
            return cluster;
        }
        catch
        {
            foreach (var silo in silos)
            {
                await silo.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Runs a load.</summary>
    /// <returns>What its callers saw, and what the silos took for it, by their names.</returns>
    public async Task<(LoadResult Load, IReadOnlyDictionary<string, SiloCost> Costs)> Run(ServeCase of)
    {
        var before = new Dictionary<string, SiloCost>();
        foreach (var silo in silos)
        {
            await silo.Pace(of.StepMs);
            before[silo.Name] = await silo.Cost();
        }

        var load = await Load(of);
        var costs = new Dictionary<string, SiloCost>();
        foreach (var silo in silos)
        {
            costs[silo.Name] = await silo.Cost() - before[silo.Name];
        }

        return (load, costs);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in silos)
        {
            await silo.DisposeAsync();
        }

        text.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static Dictionary<string, string> Settings(int index, int processes, string folder) => new()
    {
        ["Crescent:Role"] = processes == 1 ? "all" : index == 0 ? "front" : "device",
        ["Crescent:Name"] = index == 0 ? "front" : $"device-{index}",
        ["Crescent:ClusterId"] = "serve",
        ["Crescent:MembershipFile"] = Path.Combine(folder, "membership.json"),
        ["Crescent:Model"] = Model,
        ["Crescent:Devices"] = "sim:h100-sxm*1:tp8",
        ["Crescent:Urls"] = "http://127.0.0.1:0",
        ["Crescent:WarmUpSeconds"] = "0",
        ["Crescent:LogLevel"] = "warning",

        // All streams of a load come at one moment.
        ["Crescent:Placement:MaxQueued"] = "4096",
        ["Crescent:MaxRequests"] = "4096",
    };

    private async Task WaitUntilServing(int devices)
    {
        using var http = new HttpClient { BaseAddress = new Uri(silos[0].Url) };
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(100))
        {
            using var answer = await http.GetAsync("/v1/factory");
            var factory = await answer.Content.ReadAsStringAsync();
            using var json = JsonDocument.Parse(factory);
            if (json.RootElement.TryGetProperty("devices", out var seen) && seen.GetArrayLength() == devices)
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                throw new InvalidOperationException($"The cluster does not serve: {factory}");
            }
        }
    }

    private async Task<LoadResult> Load(ServeCase of)
    {
        var body = Path.Combine(folder, "body.json");
        await File.WriteAllBytesAsync(body, Body(of));
        var start = ServeSilo.Bench("serve-load");
        foreach (var argument in new[] { "--port", new Uri(silos[0].Url).Port.ToString(), "--body", body, "--streams", of.Streams.ToString(), "--calls", of.Calls.ToString() })
        {
            start.ArgumentList.Add(argument);
        }

        // It has little to do with what it reads, and does that where it is woken.
        start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return JsonSerializer.Deserialize<LoadResult>(output.Trim()) ?? throw new InvalidOperationException("The load generator said nothing.");
    }

    private byte[] Body(ServeCase of) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
    {
        ["messages"] = new[] { new { role = "user", content = Text(of) } },
        ["max_tokens"] = of.OutputTokens,
        ["temperature"] = 0,
        ["stream"] = true,
        ["stream_options"] = new { include_usage = true },
    });

    /// <summary>Words, and a place for the call's number before them.</summary>
    private string Text(ServeCase of)
    {
        var random = new Random(7);
        var written = new StringBuilder(LoadStream.Number);
        string[] words = ["time", "light", "model", "the", "of", "energy", "tokens", "power", "a", "device", "and", "cache", "stream", "quickly", "placement", "answers"];
        while (written.Length < of.PromptBytes)
        {
            written.Append(' ').Append(words[random.Next(words.Length)]);
        }

        for (var step = of.PromptTokens; step > 0;)
        {
            var tokens = text.Tokenizer.Encode(written.ToString(), parseSpecial: false).Length + TemplateTokens;
            step = (of.PromptTokens - tokens) / 4;
            for (var i = 0; i < step; i++)
            {
                written.Append(' ').Append(words[random.Next(words.Length)]);
            }
        }

        return written.ToString();
    }
}
