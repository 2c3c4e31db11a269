using System.Globalization;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>What strangers' grammars may cost: counted in states, bytes and steps.</summary>
public sealed class GrammarBoundTests
{
    [Theory]
    [InlineData(22)]
    [InlineData(200)]
    public void References_that_mean_the_same_are_one_reading_however_often_they_are_doubled(int depth)
    {
        var grammar = GrammarWalk.Compile(Levels(depth, """{"anyOf":[{"$ref":"#/$defs/NEXT"},{"$ref":"#/$defs/NEXT"}]}"""));
        Assert.InRange(grammar.Network.Count, 1, 10);
        Assert.True(grammar.Accepts("null"));
    }

    [Fact]
    public void Readings_that_differ_are_counted_as_they_are_found()
    {
        // An array of one kind or another on each of 30 levels: 2^30 stacks behind 30 brackets.
        const string array = """{"type":"array","items":{"$ref":"#/$defs/NEXT"},"minItems":COUNT,"maxItems":COUNT}""";
        string[] arrays = [.. new[] { "1", "2" }.Select(count => array.Replace("COUNT", count, StringComparison.Ordinal))];
        var grammar = GrammarWalk.Compile(Levels(30, "{\"anyOf\":[" + string.Join(',', arrays) + "]}"));
        var state = grammar.Start();
        var depth = 0;
        while (state.Advance("["u8))
        {
            Assert.InRange(state.State.Groups.Length, 1, Closure.MaxPlaces);
            depth++;
        }

        Assert.InRange(depth, 6, 12);
    }

    [Theory]
    [InlineData("regex")]
    [InlineData("words")]
    [InlineData("any")]
    [InlineData("enum")]
    [InlineData("properties")]
    [InlineData("references")]
    public void Compiling_costs_no_more_than_the_source_is_long(string kind)
    {
        Assert.InRange((double)Cost(kind, 4000) / Cost(kind, 1000), 1, 5);

        static long Cost(string kind, int count)
        {
            var limits = new GrammarLimits { MaxStates = 10_000_000, MaxBytes = 1L << 30, CacheBytes = 1L << 30, CompileTime = TimeSpan.FromMinutes(1) };
            var meter = new CompileMeter(limits);
            Grammar.Compile(Many(kind, count), GrammarWalk.Tiny, limits, new GrammarMemory(limits.StoreBytes, limits.AllStoresBytes), meter);
            return meter.Done;
        }
    }

    [Fact]
    public void Values_of_a_list_are_not_compared_with_one_another()
    {
        // Each comparison of two numbers makes two texts.
        Assert.InRange((double)Bytes(4000) / Bytes(1000), 1, 6);

        static long Bytes(int count)
        {
            var limits = new GrammarLimits { MaxStates = 10_000_000, MaxBytes = 1L << 30, CacheBytes = 1L << 30, CompileTime = TimeSpan.FromMinutes(1) };
            var before = GC.GetAllocatedBytesForCurrentThread();
            Grammar.Compile(Many("enum", count), GrammarWalk.Tiny, limits);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Theory]
    [InlineData("regex", 200_000, 100)]
    [InlineData("any", 60_000, 1000)]
    public void Alternatives_that_are_the_same_become_one(string kind, int count, int states)
    {
        var limits = new GrammarLimits { MaxStates = 10_000_000, MaxBytes = 1L << 30, CacheBytes = 1L << 30, CompileTime = TimeSpan.FromMinutes(1) };
        Assert.InRange(Grammar.Compile(Many(kind, count), GrammarWalk.Tiny, limits).Network.Count, 1, states);
    }

    [Fact]
    public void A_place_in_a_schema_is_written_only_for_a_message()
    {
        var schema = "{\"properties\":{\"" + new string('n', 300_000) + "\":" + Any(3000) + "}}";
        var before = GC.GetAllocatedBytesForCurrentThread();
        var fault = Assert.Throws<GrammarException>(() => GrammarWalk.Compile(GrammarSource.JsonSchema(schema)));
        Assert.True(fault.IsLimit);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200 << 20);
    }

    [Theory]
    [InlineData("states", "needs more than 1000 states")]
    [InlineData("bytes", "needs more than 64 KiB")]
    public void A_grammar_that_is_too_large_is_refused_before_it_is_made(string limit, string message)
    {
        var limits = limit == "states" ? new GrammarLimits { MaxStates = 1000 } : new GrammarLimits { MaxBytes = 1 << 16 };
        var meter = new CompileMeter(limits);
        var fault = Assert.Throws<GrammarException>(() => Grammar.Compile(
            GrammarSource.Regex("(([a-z]{1000}){1000}){1000}"), GrammarWalk.Tiny, limits, new GrammarMemory(1 << 20, 1 << 20), meter));
        Assert.True(fault.IsLimit);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.InRange(meter.Done, 1, 10_000);
    }

    [Theory]
    [InlineData("a*", "before the first character")]
    [InlineData("b", "the structure is too ambiguous to go on with")]
    public void Too_many_alternatives_that_differ_are_refused_with_what_to_do(string first, string message)
    {
        var source = GrammarSource.Regex(string.Join('|', Enumerable.Range(0, Closure.MaxPlaces + 1).Select(i => $"{first}{i:x}b*c{i:x}")));
        var grammar = new Lazy<Grammar>(() => GrammarWalk.Compile(source));
        for (var i = 0; i < 2; i++)
        {
            // The second to come to the same place is told the same.
            var fault = Assert.Throws<GrammarException>(() => grammar.Value.Start().FillMask(new ulong[GrammarWalk.Tiny.MaskWords]));
            Assert.True(fault.IsLimit);
            Assert.Contains(message, fault.Message, StringComparison.Ordinal);
            Assert.Contains("write alternatives so that they begin differently", fault.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Many_tools_share_one_grammar(bool areStrict)
    {
        var grammar = GrammarWalk.Compile(Tools(128, areStrict, "[a-z]{3}(a|b|c){20}x{20}"));
        Assert.Empty(grammar.Unenforced);
        Assert.True(grammar.Accepts("{\"name\": \"tool_127\", \"arguments\": {\"x\": \"qwe" + new string('a', 20) + new string('x', 20) + "\"}}"));
        Assert.False(grammar.Accepts("{\"name\": \"tool_127\", \"arguments\": {\"x\": \"qwe\"}}"));
    }

    [Fact]
    public void Tools_without_room_beside_the_others_take_any_object_and_say_so()
    {
        var limits = new GrammarLimits { MaxStates = 22_000 };
        var grammar = Grammar.Compile(Tools(6, areStrict: false, "[a-z]{3000}"), GrammarWalk.Tiny, limits);
        Assert.Equal(["tools[3]", "tools[4]", "tools[5]"], grammar.Unenforced);
        Assert.False(grammar.Accepts("{\"name\": \"tool_2\", \"arguments\": {\"x\": 1}}"));
        Assert.True(grammar.Accepts("{\"name\": \"tool_4\", \"arguments\": {\"x\": 1}}"));
    }

    [Fact]
    public void Strict_tools_that_no_memory_holds_are_refused()
    {
        var limits = new GrammarLimits { MaxBytes = 4 << 20, CacheBytes = 8 << 20, CompileTime = TimeSpan.FromMinutes(1) };
        var fault = Assert.Throws<GrammarException>(() => Grammar.Compile(Tools(128, areStrict: true, "([a-z]{100}){180}"), GrammarWalk.Tiny, limits));
        Assert.True(fault.IsLimit);
        Assert.Contains("KiB", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"enum":["x"],"not":{"$ref":"#/$defs/a0"},DOUBLED}""")]
    [InlineData("""{"type":"object","properties":{"p":true},"propertyNames":{"$ref":"#/$defs/a0"},DOUBLED}""")]
    [InlineData("""{"type":"string","pattern":"^(?!.*a.{40}b)[ab]*$"}""")]
    [InlineData("""{"allOf":[{"pattern":"(a|b)*a(a|b){300}"},{"type":"string","pattern":"(b|a)*b(b|a){300}"},{"maxLength":5000}]}""")]
    [InlineData("""{"allOf":[EITHER,EITHER,EITHER,EITHER,EITHER,EITHER,EITHER,EITHER,EITHER,EITHER,EITHER,EITHER]}""")]
    public void What_would_take_forever_to_take_apart_is_beyond_a_limit(string schema)
    {
        var doubled = "\"$defs\":{" + Each(40, i => $"\"a{i}\":" + "{\"anyOf\":[{\"$ref\":\"#/$defs/a" + (i + 1) + "\"},{\"$ref\":\"#/$defs/a" + (i + 1) + "\"}]}") + ",\"a40\":{\"type\":\"null\"}}";
        for (var i = 0; schema.Contains("EITHER", StringComparison.Ordinal); i++)
        {
            var at = schema.IndexOf("EITHER", StringComparison.Ordinal);
            var ways = Each(10, k => "{\"properties\":{\"p" + i + "\":{\"const\":" + k + "}},\"required\":[\"p" + i + "\"]}");
            schema = schema[..at] + "{\"anyOf\":[" + ways + "]}" + schema[(at + 6)..];
        }

        var limits = new GrammarLimits { CompileTime = TimeSpan.FromSeconds(0.3) };
        var fault = Assert.Throws<GrammarException>(() => Grammar.Compile(
            GrammarSource.JsonSchema(schema.Replace("DOUBLED", doubled, StringComparison.Ordinal), isStrict: false), GrammarWalk.Tiny, limits));
        Assert.True(fault.IsLimit, fault.Message);
    }

    private static GrammarSource Tools(int count, bool areStrict, string pattern) => GrammarSource.ToolCall(new ToolSource
    {
        Key = "arguments",
        Tools = [.. Enumerable.Range(0, count).Select(i => new ToolSource.Tool($"tool_{i}", $"tools[{i}]", $$$"""{"type":"object","properties":{"x":{"type":"string","pattern":"^{{{pattern}}}$"}},"required":["x"]}""", areStrict))],
    });

    private static GrammarSource Many(string kind, int count) => kind switch
    {
        "regex" => GrammarSource.Regex(string.Join('|', Enumerable.Repeat("a", count))),
        "words" => GrammarSource.Choice(Enumerable.Range(0, count).Select(i => $"word {i:D6}")),
        "any" => GrammarSource.JsonSchema(Any(count)),
        "enum" => GrammarSource.JsonSchema("{\"enum\":[" + Each(count, i => $"{1_000_000 + i}") + "]}"),
        "properties" => GrammarSource.JsonSchema("{\"properties\":{" + Nulls(count) + "},\"required\":[" + Each(count, i => $"\"n{i:D6}\"") + "]}"),
        _ => GrammarSource.JsonSchema("{\"anyOf\":[" + Each(count, i => "{\"$ref\":\"#/$defs/n" + (i * 900 / count).ToString("D6", CultureInfo.InvariantCulture) + "\"}") + "],\"$defs\":{" + Nulls(count) + "}}"),
    };

    private static string Any(int count) => "{\"anyOf\":[" + Each(count, _ => "true") + "]}";

    private static string Nulls(int count) => Each(count, i => $"\"n{i:D6}\":" + "{\"type\":\"null\"}");

    private static string Each(int count, Func<int, string> item) => string.Join(',', Enumerable.Range(0, count).Select(item));

    /// <summary>A schema of definitions each of which is <paramref name="level"/>, where NEXT is the name of the next one.</summary>
    private static GrammarSource Levels(int count, string level)
    {
        var definitions = Each(count, i => $"\"a{i}\":" + level.Replace("NEXT", $"a{i + 1}", StringComparison.Ordinal));
        return GrammarSource.JsonSchema("{\"$ref\":\"#/$defs/a0\",\"$defs\":{" + definitions + $",\"a{count}\":" + "{\"type\":\"null\"}}}");
    }
}
