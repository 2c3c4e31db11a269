using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Crescent.Engine.Model.Gguf;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;

namespace Crescent.Tests.Silo;

/// <summary>A model whose weights are no numbers is served with errors that say so.</summary>
public sealed class DamagedWeightsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0xFF)]
    [InlineData(0x7C)]
    public async Task Every_kind_of_answer_says_that_the_model_gives_no_numbers(byte filling)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "damaged.gguf");
        File.Copy(TestFiles.TinyModel, path);
        Fill(path, filling);
        var identity = SiloIdentity.Resolve(new ClusterOptions { MembershipFile = Path.Combine(folder.Path, "membership.json") });
        await using var silo = SiloHost.Build(
            Settings.Load([new(Settings.Model.Key, path), new(Settings.Urls.Key, "http://127.0.0.1:0"), new(Settings.KvBlocks.Key, "64"), new(Settings.LogLevel.Key, "none"), new(Settings.WarmUpSeconds.Key, "0")]),
            identity);
        await silo.Start(Stop);
        using var http = new HttpClient { BaseAddress = new Uri(silo.Urls[0]) };
        foreach (var (route, body) in new[]
        {
            ("/v1/completions", """{"prompt":"a b","max_tokens":3}"""),
            ("/v1/completions", """{"prompt":"a b","max_tokens":3,"logprobs":3}"""),
            ("/v1/completions", """{"prompt":"a b","max_tokens":3,"logprobs":3,"stream":true}"""),
            ("/v1/completions", """{"prompt":"a b","max_tokens":3,"guided_regex":"[a-z]{3}","logprobs":2}"""),
            ("/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"max_tokens":3,"logprobs":true}"""),
            ("/v1/embeddings", """{"input":"a b"}"""),
        })
        {
            using var answer = await http.PostAsync(route, new StringContent(body, Encoding.UTF8, "application/json"), Stop);
            var text = await answer.Content.ReadAsStringAsync(Stop);
            Assert.True(text.Contains("gives no finite numbers", StringComparison.Ordinal), $"{route} {body}: {answer.StatusCode} {text}");
            Assert.NotEqual(HttpStatusCode.InternalServerError, answer.StatusCode);
            var json = text.StartsWith("data:", StringComparison.Ordinal) ? text["data:".Length..text.IndexOf('\n')] : text;
            Assert.NotNull(JsonNode.Parse(json)!["error"]);
        }

        await silo.Stop();
    }

    private static void Fill(string path, byte filling)
    {
        long first;
        using (var file = GgufFile.Open(path))
        {
            first = new FileInfo(path).Length - file.Tensors.Values.Sum(static tensor => (tensor.ByteLength + 31) / 32 * 32);
        }

        using var stream = File.OpenWrite(path);
        stream.Position = first;
        var bytes = new byte[1 << 16];
        Array.Fill(bytes, filling);
        for (var left = stream.Length - first; left > 0; left -= bytes.Length)
        {
            stream.Write(bytes, 0, (int)Math.Min(left, bytes.Length));
        }
    }
}
