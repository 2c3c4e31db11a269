using Crescent.Lab.Traces;

namespace Crescent.Tests.Lab.Traces;

public sealed class TraceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Faults => new()
    {
        { "TIME,A,B\n1,2,3\n", "line 1 must be 'TIMESTAMP,ContextTokens,GeneratedTokens'" },
        { "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.68,374,44\nyesterday,3,4\n", "line 3 must be a time and two whole numbers" },
        { "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.68,374\n", "line 2 must be" },
        { "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.68,374,44\n", "needs at least two requests, this one has 1" },
        { "{\"timestamp\": 0, \"input_length\": 5}\n", "line 1 must be a JSON object with timestamp" },
        { "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 3, \"hash_ids\": [1]}\nnonsense\n", "line 2 must be a JSON object" },
        { "{\"timestamp\": 0, \"input_length\": 5, \"output_length\": 3, \"hash_ids\": [1.5]}\n", "1.5 is no whole number" },
    };

    [Fact]
    public void An_Azure_trace_is_read_with_times_from_its_first_request()
    {
        var trace = TraceFile.Read(Write("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9805900,396,109\n"));
        Assert.Equal([new TraceRequest(0, 374, 44), new TraceRequest(4.3, 396, 109)], trace.Requests.Select(static r => r with { Seconds = Math.Round(r.Seconds, 4) }));
        Assert.False(trace.HasContent);
    }

    [Fact]
    public void A_Mooncake_trace_has_content_that_prompts_share()
    {
        var trace = TraceFile.Read(Write(
            "{\"timestamp\": 3000, \"input_length\": 1100, \"output_length\": 3, \"hash_ids\": [7, 8, 9]}\n"
            + "{\"timestamp\": 1000, \"input_length\": 1000, \"output_length\": 3, \"hash_ids\": [7, 5]}\n"));
        Assert.Equal([0, 2], trace.Requests.Select(static r => r.Seconds));
        var arrivals = trace.At(trace.Rate, 0, 0).ToList();
        var (first, second) = (arrivals[0].Prompt(0, 32_768), arrivals[1].Prompt(1, 32_768));
        Assert.Equal((1000, 1100), (first.Length, second.Length));
        Assert.Equal(Trace.BlockTokens, first.AsSpan().CommonPrefixLength(second));
        Assert.NotEqual(first, (arrivals[0] with { Content = 1 }).Prompt(0, 32_768));
    }

    [Fact]
    public void Ids_of_blocks_may_be_hashes_of_64_bits()
    {
        var trace = TraceFile.Read(Write(
            "{\"timestamp\": 0, \"input_length\": 1024, \"output_length\": 3, \"hash_ids\": [18446744073709551615, 1099511627784]}\n"
            + "{\"timestamp\": 900, \"input_length\": 1024, \"output_length\": 3, \"hash_ids\": [18446744073709551615, -7]}\n"
            + "{\"timestamp\": 1900, \"input_length\": 1024, \"output_length\": 3, \"hash_ids\": [7, 1099511627784]}\n"));
        Assert.Equal([[-1, -2], [-1, -3], [7, -2]], trace.Requests.Select(static request => request.Blocks!));
        var prompts = trace.At(trace.Rate, 0, 0).Select(static (arrival, number) => arrival.Prompt(number, 32_768)).ToList();
        Assert.Equal(Trace.BlockTokens, prompts[0].AsSpan().CommonPrefixLength(prompts[1]));
        Assert.Equal(prompts[0][Trace.BlockTokens..], prompts[2][Trace.BlockTokens..]);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_names_the_file_and_the_line(string content, string message)
    {
        var path = Write(content);
        var fault = Assert.Throws<FormatException>(() => TraceFile.Read(path));
        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_at_a_rate_keeps_its_bursts_and_goes_on_around_its_end()
    {
        var trace = Trace.Of("t", [new(0, 1, 1), new(10, 2, 1), new(11, 3, 1), new(30, 4, 1)]);
        Assert.Equal(40, trace.Seconds);
        Assert.Equal([0, 5, 5.5, 15], trace.At(0.2, 0, 0).Select(static a => a.Seconds));
        var longer = trace.At(0.2, 0, 50).ToList();
        Assert.Equal(12, longer.Count);
        Assert.Equal(longer.Select(static a => a.Seconds).Order(), longer.Select(static a => a.Seconds));
        Assert.Equal(3, longer.Select(static a => a.Content).Distinct().Count());
        Assert.Equal([0, 5, 5.5], trace.At(0.2, 0, 0, maxSeconds: 6).Select(static a => a.Seconds));
        Assert.Equal([1, 2, 3, 4], trace.At(0.2, 3, 0).Select(static a => a.Request.PromptTokens).Order());
    }

    [Fact]
    public void Made_traces_are_the_same_for_a_seed_and_have_the_rate_they_say()
    {
        foreach (var name in SyntheticTrace.Names)
        {
            var trace = SyntheticTrace.Create(name);
            Assert.InRange(trace.Rate, 7, 13);
            Assert.Equal(trace.Requests.Take(100).Select(static r => (r.Seconds, r.PromptTokens)), SyntheticTrace.Create(name).Requests.Take(100).Select(static r => (r.Seconds, r.PromptTokens)));
            Assert.NotEqual(trace.Requests[50].Seconds, SyntheticTrace.Create(name, 2).Requests[50].Seconds);
        }

        Assert.Contains("poisson", Assert.Throws<FormatException>(() => SyntheticTrace.Create("storm")).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string content)
    {
        var path = Path.Combine(_folder.Path, "trace");
        File.WriteAllText(path, content);
        return path;
    }
}
