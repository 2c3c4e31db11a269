using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Engine.Model;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Tests.Engine.Sampling.Grammars;

namespace Crescent.Tests.Grains.Requests;

public sealed class RequestDeskTests : IDisposable
{
    private readonly LanguageModel _file = LanguageModel.Open(TestFiles.TinyModel);
    private readonly TextWork _texts = new();
    private readonly ServedModel _model;
    private readonly RequestDesk _desk;

    public RequestDeskTests()
    {
        _model = new ServedModel(_file, new GrammarCache(_file.Tokenizer), DateTimeOffset.UnixEpoch);
        _desk = new RequestDesk(new Devices(200), _texts, TimeProvider.System);
    }

    public void Dispose()
    {
        _texts.Dispose();
        _file.Dispose();
    }

    [Fact]
    public async Task A_conversation_becomes_one_call_with_all_the_room_that_is_left()
    {
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "What is 1 + 1?" });
        var prepared = await Prepare(Request(PromptSource.Conversation("messages", 10, () => messages)));
        var call = Assert.Single(prepared.Calls);
        Assert.Equal(_file.ChatPrompt!.Encode(messages), call.Prompt);
        Assert.Equal(("id-1", _model.Name, 200 - call.Prompt.Length), (call.RequestId, call.Model, call.MaxTokens));
        Assert.Null(call.Siblings);
        Assert.Equal(ToolCallStyle.None, prepared.ToolStyle);
    }

    [Fact]
    public async Task Candidates_of_a_prompt_are_siblings_with_seeds_of_their_own()
    {
        var request = Request(Text("one"), Text("two")) with { Candidates = 2, WantsLikelihood = true, DefaultMaxTokens = 16, Call = Call(seed: 7) };
        var calls = (await Prepare(request)).Calls;
        Assert.Equal(["id-1-0", "id-1-1", "id-1-2", "id-1-3"], calls.Select(static call => call.RequestId));
        Assert.Same(calls[0].Prompt, calls[1].Prompt);
        Assert.NotEqual(calls[0].Prompt, calls[2].Prompt);
        Assert.NotNull(calls[0].Siblings);
        Assert.Same(calls[0].Siblings, calls[1].Siblings);
        Assert.NotSame(calls[0].Siblings, calls[2].Siblings);
        Assert.Equal([7UL, 7UL], [calls[0].Sampling.Seed, calls[2].Sampling.Seed]);
        Assert.NotEqual(7UL, calls[1].Sampling.Seed);
        Assert.All(calls, static call => Assert.Equal((16, 0), (call.MaxTokens, call.Sampling.TopLogprobs)));
    }

    [Fact]
    public async Task An_embedding_takes_its_prompt_and_no_token()
    {
        var request = Request(PromptSource.Tokens("input", 3, () => [1, 2, 3])) with { Call = Call() with { WantsEmbedding = true } };
        Assert.Equal((0, 3), ((await Prepare(request)).Calls[0] is var call ? call.MaxTokens : -1, call.Prompt.Length));
        var fault = await Fault(request with { Prompts = [PromptSource.Tokens("input[1]", 300, static () => new int[201])] });
        Assert.Equal((FaultKind.TooLong, "input[1]"), (fault.Kind, fault.Field));
    }

    [Fact]
    public async Task What_does_not_fit_is_told_by_the_callers_names()
    {
        var tooLong = PromptSource.Tokens("prompt[3]", 200, static () => new int[200]);
        Assert.Equal((FaultKind.TooLong, "prompt[3]"), await Of(Request(tooLong)));
        var tooMuch = await Fault(Request(Text("one")) with { MaxTokens = 200, MaxTokensName = "max_new_tokens" });
        Assert.Equal((FaultKind.TooLong, "prompt"), (tooMuch.Kind, tooMuch.Field));
        Assert.Contains("'max_new_tokens' is 200", tooMuch.Message, StringComparison.Ordinal);
        Assert.Contains("the largest device holds 200 tokens", tooMuch.Message, StringComparison.Ordinal);
        Assert.Equal((FaultKind.Value, "prompt"), await Of(Request(PromptSource.Tokens("prompt", 0, static () => []))));
    }

    [Fact]
    public async Task What_cannot_fit_by_its_length_alone_is_not_made_tokens_of()
    {
        var text = new string('x', 200 * _file.Tokenizer.LongestToken * 2);
        var fault = await Fault(Request(Text(text)));
        Assert.Equal(FaultKind.TooLong, fault.Kind);
        Assert.Contains("400 tokens at least", fault.Message, StringComparison.Ordinal);
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text });
        Assert.Equal((FaultKind.TooLong, "messages"), await Of(Request(PromptSource.Conversation("messages", text.Length, () => messages))));

        // Who only wants the tokens gets them.
        Assert.True((await _desk.Tokens(_model, [Text(text)], null, TestContext.Current.CancellationToken))[0].Length >= 400);
    }

    [Fact]
    public async Task What_cannot_fit_by_what_is_known_of_it_is_not_even_read()
    {
        var bytes = 200L * _file.Tokenizer.LongestToken * 2;
        string Read() => throw new InvalidOperationException("It was read.");
        Assert.Equal((FaultKind.TooLong, "prompt"), await Of(Request(PromptSource.Text("prompt", bytes, Read, () => bytes))));
        Assert.Equal((FaultKind.TooLong, "messages"), await Of(Request(PromptSource.Conversation("messages", bytes, () => [Read()], least: () => bytes))));
        Assert.Equal((FaultKind.TooLong, "prompt"), await Of(Request(PromptSource.Tokens("prompt", bytes, () => [Read().Length], 201))));

        // What may fit is read: the length that is said is white space, say.
        Assert.Equal("one", Assert.Single((await Prepare(Request(PromptSource.Text("prompt", bytes, static () => "one", static () => 3)))).Prompts) is { } tokens
            ? _file.Tokenizer.Decode(tokens) : "");
    }

    [Fact]
    public async Task A_request_that_is_thousands_of_calls_is_refused_before_it_is_read()
    {
        var read = 0;
        var source = PromptSource.Text("prompt", 3, () => (++read).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((FaultKind.Value, "n"), await Of(Request([.. Enumerable.Repeat(source, 128)]) with { Candidates = 17 }));
        Assert.Equal(0, read);
    }

    [Fact]
    public async Task A_structure_that_cannot_be_is_told_by_its_field_and_one_that_can_is_in_the_calls()
    {
        var fault = await Fault(Request(Text("one")) with { Structure = new AskedStructure(GrammarSource.Regex("("), "guided_regex") });
        Assert.Equal((FaultKind.Value, "guided_regex"), (fault.Kind, fault.Field));
        var source = GrammarSource.Choice(["yes", "no"]);
        var call = (await Prepare(Request(Text("one")) with { Structure = new AskedStructure(source, "guided_choice") })).Calls[0];
        Assert.Same(source, call.Sampling.Structure!.Source);
    }

    [Theory]
    [InlineData("structure")]
    [InlineData("tools")]
    [InlineData("stops")]
    [InlineData("biases")]
    public async Task What_each_answer_takes_with_it_is_bounded_over_all_of_them(string what)
    {
        var text = new string('x', 1 << 17);
        var desk = new RequestDesk(new Devices(4000), _texts, TimeProvider.System);
        var request = Request(PromptSource.Conversation("messages", 1, static () => [new JsonObject { ["role"] = "user", ["content"] = "Hi" }]));
        request = what switch
        {
            "structure" => request with { Structure = new AskedStructure(GrammarSource.Choice([text]), "guided_choice") },
            "tools" => request with { Tools = Tool("""{"type":"object","properties":{"NAME":{}}}""".Replace("NAME", text, StringComparison.Ordinal)) with { Described = [] } },
            "stops" => request with { Call = Call() with { StopStrings = [text] } },
            _ => request with { Call = Call() with { Sampling = new SamplingParameters { LogitBias = Enumerable.Range(0, 1 << 13).ToDictionary(static token => token, static _ => 1f) } } },
        };
        Assert.NotEmpty((await desk.Prepare(request with { Candidates = 100 }, TestContext.Current.CancellationToken)).Calls);
        var fault = await Assert.ThrowsAsync<RequestFaultException>(() => desk.Prepare(request with { Candidates = 129 }, TestContext.Current.CancellationToken));
        Assert.Equal((FaultKind.Value, "n"), (fault.Kind, fault.Field));
        Assert.Contains($"up to {RequestDesk.MaxCopiedBytes}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Annotations_of_schemas_stay_here_and_in_the_template()
    {
        var text = new string('x', 1 << 18);
        var schema = new AskedStructure(GrammarSource.JsonSchema($$"""{"description":"{{text}}","type":"object"}"""), "guided_json");
        var calls = (await Prepare(Request(Text("one")) with { Structure = schema, Candidates = 128 })).Calls;
        Assert.Equal("""{"type":"object"}""", calls[0].Sampling.Structure!.Source.Text);
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi" });
        var request = Request(PromptSource.Conversation("messages", 10, () => messages)) with { Tools = Tool("""{"type":"object","description":"a long text of no use"}""") };
        var desk = new RequestDesk(new Devices(4000), _texts, TimeProvider.System);
        var call = (await desk.Prepare(request, TestContext.Current.CancellationToken)).Calls[0];
        Assert.DoesNotContain("no use", call.Sampling.Structure!.Source.Text, StringComparison.Ordinal);
        Assert.Contains("no use", _file.Tokenizer.Decode(call.Prompt), StringComparison.Ordinal);
        var fault = await Fault(Request(Text("one")) with { Structure = new AskedStructure(GrammarSource.JsonSchema("{"), "guided_json") });
        Assert.Equal((FaultKind.Value, "guided_json"), (fault.Kind, fault.Field));
    }

    [Fact]
    public async Task Who_has_too_many_structures_waiting_comes_back_later_and_nobody_else()
    {
        var large = GrammarSource.Regex("a[a-z]{9000}");
        var bytes = Grammar.Compile(large, new TokenVocabulary(_file.Tokenizer)).Bytes;
        var cache = new GrammarCache(_file.Tokenizer, new GrammarLimits { MaxBytes = bytes, CacheBytes = bytes });
        using var inUse = await cache.UseAsync(large, TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, GrammarCache.MaxWaiting).Select(i => cache.UseAsync(GrammarSource.Regex($"b{i}"), new GrammarAsker("many"), stop.Token)).ToList();
        var request = Request(Text("one")) with
        {
            Model = new ServedModel(_file, cache, DateTimeOffset.UnixEpoch),
            Structure = new AskedStructure(GrammarSource.Regex("c"), "guided_regex"),
            Call = Call() with { Tenant = "many" },
        };
        var refused = await Assert.ThrowsAsync<RequestRefusedException>(() => Prepare(request));
        Assert.Equal(RefusalReason.Overloaded, refused.Reason);
        var other = Prepare(request with { Call = Call() with { Tenant = "one" } });
        Assert.False(other.IsCompleted);
        await stop.CancelAsync();
        inUse.Dispose();
        Assert.NotNull((await other).Calls[0].Sampling.Structure);
        Assert.All(waiting, static use => Assert.False(use.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task Tools_give_the_answer_their_form_and_the_template_their_description()
    {
        var tools = (JsonArray)JsonNode.Parse("""[{"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}}]""")!;
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "What is 1 + 1?" });
        var request = Request(PromptSource.Conversation("messages", 10, () => messages)) with { Tools = new ToolUse(tools, [new ToolFunction("add", null, "tools[0].function.parameters", false)], Must: true) };
        var desk = new RequestDesk(new Devices(4000), _texts, TimeProvider.System);
        var prepared = await desk.Prepare(request, TestContext.Current.CancellationToken);
        Assert.Equal(_model.ToolStyle, prepared.ToolStyle);
        Assert.NotEqual(ToolCallStyle.None, prepared.ToolStyle);
        Assert.NotNull(prepared.Calls[0].Sampling.Structure);
        Assert.Equal(_file.ChatPrompt!.Encode(messages, tools), prepared.Calls[0].Prompt);
    }

    [Fact]
    public async Task Tools_that_take_too_long_to_compile_take_any_object()
    {
        var cache = new GrammarCache(_file.Tokenizer, new GrammarLimits { CompileTime = TimeSpan.FromSeconds(20) }, new TickingTime());
        var request = Request(PromptSource.Conversation("messages", 1, static () => [new JsonObject { ["role"] = "user", ["content"] = "Hi" }])) with
        {
            Model = new ServedModel(_file, cache, DateTimeOffset.UnixEpoch),
            Tools = Tool("""{"type":"object","properties":{"a":{"type":"string","pattern":"^([a-z]{9000}){9}$"}},"required":["a"]}""") with { Described = [] },
        };
        var prepared = await Prepare(request);
        Assert.Equal(["tools[0].function.parameters"], prepared.Unenforced);
        Assert.NotNull(prepared.Calls[0].Sampling.Structure);
    }

    private static ToolUse Tool(string schema)
    {
        var parameters = JsonNode.Parse(schema)!;
        var tools = new JsonArray(new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = "add", ["parameters"] = parameters } });
        return new ToolUse(tools, [new ToolFunction("add", JsonElement.Parse(schema), "tools[0].function.parameters", false)], Must: true);
    }

    private static PromptSource Text(string text) => PromptSource.Text("prompt", text.Length, () => text);

    private static InferenceRequest Call(ulong seed = 1) => new() { Prompt = [], MaxTokens = 0, Sampling = new SamplingParameters { Seed = seed } };

    private ModelRequest Request(params IReadOnlyList<PromptSource> prompts) => new() { Id = "id-1", Model = _model, Prompts = prompts, Call = Call() };

    private Task<PreparedRequest> Prepare(ModelRequest request) => _desk.Prepare(request, TestContext.Current.CancellationToken);

    private async Task<RequestFaultException> Fault(ModelRequest request) => await Assert.ThrowsAsync<RequestFaultException>(() => Prepare(request));

    private async Task<(FaultKind Kind, string Field)> Of(ModelRequest request) => await Fault(request) is var fault ? (fault.Kind, fault.Field) : default;

    /// <summary>Devices that hold so many positions, and run nothing.</summary>
    private sealed class Devices(int positions) : IGenerationService
    {
        public int MaxPositions(string? model) => positions;

        public IAsyncEnumerable<GenerationChunk> Generate(InferenceRequest call, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
