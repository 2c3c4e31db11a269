using System.Runtime.InteropServices;
using Crescent.Engine.Model.Thoughts;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Requests;

/// <summary>
/// The one door to the models: makes a request into prompts and calls, checked against what the model and the devices can do. Used by HTTP, by grains and by
/// .NET programs in the silo; what it gives is run by <see cref="IGenerationService"/>.
/// </summary>
public sealed class RequestDesk(IGenerationService generations, TextWork texts, TimeProvider time)
{
    /// <summary>Answers that a request may ask for, over all its prompts.</summary>
    public const int MaxCalls = 2048;

    /// <summary>Calls of one request under way at once; the others begin as these end, so that one request does not fill all queues.</summary>
    public const int MaxAtOnce = 128;

    /// <summary>Prompt tokens that a request may have, over all its answers: each takes its prompt to its device. 16 MiB of them.</summary>
    public const long MaxPromptTokens = 1 << 22;

    /// <summary>
    /// Bytes that the structure, the stop strings and the biases of a request may have, over all its answers: each takes its own to its device.
    /// </summary>
    public const long MaxCopiedBytes = 16 << 20;

    /// <summary>What a bias takes on its way.</summary>
    private const int BiasBytes = 16;

    /// <summary>What a tool takes beside its name and its schema.</summary>
    private const int ToolBytes = 128;

    /// <summary>Tokens at the end of a prompt that are looked at for the opening of a thought.</summary>
    private const int OpeningTokens = 16;

    /// <summary>Tokens that a call may have guessed ahead.</summary>
    public const int MaxSpeculativeTokens = 16;

    /// <summary>Makes the calls of a request.</summary>
    /// <exception cref="RequestFaultException">It cannot be done as it is.</exception>
    /// <exception cref="DeadlineExceededException">Its deadline came first.</exception>
    /// <exception cref="RequestRefusedException">Too many long texts wait to be made tokens of.</exception>
    public async Task<PreparedRequest> Prepare(ModelRequest request, CancellationToken cancellation)
    {
        var model = request.Model;
        var deadline = new RequestDeadline(request.Call.Deadline, request.Began == 0 ? time.GetTimestamp() : request.Began, time);
        CheckCount(request.Prompts.Count, request.Candidates);
        request = await WithoutAnnotations(request, cancellation);
        CheckCopies(request);
        var (structure, unenforced) = await Structure(request, deadline, cancellation);
        var room = Room(model);
        var prompts = await Tokens(model, request.Prompts, request.Tools, room, cancellation);
        CheckTokens(prompts, request.Candidates);
        var thoughts = request.Prompts is [{ IsConversation: true }] ? model.Thoughts : null;
        var isOpen = thoughts?.IsOpenBehind(model.Model.Tokenizer.Decode(prompts[0].AsSpan(Math.Max(0, prompts[0].Length - OpeningTokens)), withSpecial: true)) ?? false;
        structure = isOpen ? BehindThought(structure, thoughts!) : structure;
        var answers = prompts.Length * request.Candidates;
        var calls = new List<InferenceRequest>(answers);
        for (var prompt = 0; prompt < prompts.Length; prompt++)
        {
            var tokens = prompts[prompt];
            var limit = request.Call.WantsEmbedding ? CheckInput(tokens, request.Prompts[prompt].Name, room) : Budget(tokens, request, request.Prompts[prompt].Name, room);
            var siblings = request.Candidates > 1 && !request.GivesPrompt && limit > 0 ? new SiblingGroup(request.Id) : request.Call.Siblings;
            for (var candidate = 0; candidate < request.Candidates; candidate++)
            {
                var call = request.Call with
                {
                    RequestId = answers == 1 ? request.Id : $"{request.Id}-{calls.Count}",
                    Model = model.Name,
                    Prompt = tokens,
                    MaxTokens = limit,
                    Sampling = Sampling(request, candidate, structure),
                    Siblings = siblings,
                };
                calls.Add(request.GivesPrompt ? Given(call) : call);
            }
        }

        return new PreparedRequest(request.Id, model, prompts, calls, request.Tools is null ? ToolCallStyle.None : model.ToolStyle, unenforced, deadline)
        {
            Thoughts = thoughts,
            BeginsInThought = isOpen,

            // Without tools, a structure holds an answer that has no header then.
            HasMessages = request.Prompts is [{ IsConversation: true }] && model.ToolStyle == ToolCallStyle.Harmony && (request.Tools is not null || structure is null),
            IsText = request.Tools is { } used ? ParameterTexts.Of(used.Functions) : null,
        };
    }

    /// <summary>The tokens of prompts, made where long texts are.</summary>
    /// <exception cref="RequestFaultException">One cannot be a prompt of this model.</exception>
    public ValueTask<int[][]> Tokens(ServedModel model, IReadOnlyList<PromptSource> prompts, ToolUse? tools, CancellationToken cancellation) =>
        Tokens(model, prompts, tools, null, cancellation);

    private ValueTask<int[][]> Tokens(ServedModel model, IReadOnlyList<PromptSource> prompts, ToolUse? tools, ContextRoom? room, CancellationToken cancellation)
    {
        CheckTools(model, tools);
        return texts.Do(
            prompts.Sum(static prompt => prompt.Bytes),
            () => prompts.Select(prompt =>
            {
                cancellation.ThrowIfCancellationRequested();
                return prompt.Encode(model, tools?.Described, room);
            }).ToArray(),
            cancellation);
    }

    /// <summary>Tokens that a prompt of <paramref name="model"/> and its answer may have together.</summary>
    public ContextRoom Room(ServedModel model) => ContextRoom.Of(model, generations);

    /// <summary>
    /// A structure of the whole answer sets in where the thought ends that the prompt has opened.
    /// </summary>
    private static OutputStructure? BehindThought(OutputStructure? structure, ThoughtMarks thoughts) =>
        structure is { Trigger: null } ? structure with { Trigger = thoughts.Closing, Once = true } : structure;

    private static async Task<(OutputStructure? Structure, IReadOnlyList<string> Unenforced)> Structure(
        ModelRequest request, RequestDeadline deadline, CancellationToken cancellation)
    {
        using var grammars = new GrammarCheck(request.Model, request.Call.Tenant, deadline, cancellation);
        IReadOnlyList<string> unenforced = [];
        if (request.Structure is { } asked)
        {
            try
            {
                unenforced = [.. (await grammars.Compile(asked.Source)).Select(place => asked.Path + place)];
            }
            catch (GrammarException e)
            {
                throw Fault(asked, e);
            }
        }

        if (request.Tools is not { } tools)
        {
            return (request.Structure is { } alone ? new OutputStructure(alone.Source) : null, unenforced);
        }

        CheckTools(request.Model, tools);
        var answer = tools.Must ? null : request.Structure;
        var (structure, left) = await new ToolCallForm(request.Model.ToolStyle, tools.Must, answer, tools.Parallel).Constrain([.. tools.Functions], grammars);
        return structure is not null ? (structure, left) : (request.Structure is { } free ? new OutputStructure(free.Source) : null, [.. unenforced, .. left]);
    }

    /// <summary>The request with schemas that have nothing but what is valid; read where long texts are.</summary>
    private async ValueTask<ModelRequest> WithoutAnnotations(ModelRequest request, CancellationToken cancellation)
    {
        var bytes = (request.Structure?.Source.Text.Length ?? 0) + (request.Tools?.Functions.Sum(static function => (long)SchemaBytes(function)) ?? 0);
        return bytes == 0 ? request : await texts.Do(
            bytes,
            () => request with
            {
                Structure = request.Structure is { } asked ? asked with { Source = Stripped(asked) } : null,
                Tools = request.Tools is { } tools
                    ? tools with { Functions = [.. tools.Functions.Select(static function => function with { Parameters = function.Parameters is { } schema ? SchemaAnnotations.Strip(schema) : null })] }
                    : null,
            },
            cancellation);

        static GrammarSource Stripped(AskedStructure asked)
        {
            try
            {
                return SchemaAnnotations.Strip(asked.Source);
            }
            catch (GrammarException e)
            {
                throw Fault(asked, e);
            }
        }
    }

    private static RequestFaultException Fault(AskedStructure asked, GrammarException fault) => new(FaultKind.Value, asked.Path, $"'{asked.Path}': {fault.Message}");

    private static int SchemaBytes(ToolFunction function) => function.Parameters is { } schema ? JsonMarshal.GetRawUtf8Value(schema).Length : 0;

    private static void CheckTools(ServedModel model, ToolUse? tools)
    {
        if (tools is not null && model.ToolStyle == ToolCallStyle.None)
        {
            throw new RequestFaultException(FaultKind.Unsupported, "tools", $"Model '{model.Id}' was not taught to call tools, as its chat template tells.");
        }
    }

    private static InferenceRequest Given(InferenceRequest call) => call with
    {
        Prompt = call.Prompt[..1],
        MaxTokens = call.MaxTokens + call.Prompt.Length - 1,
        SpeculativeTokens = MaxSpeculativeTokens,
        Sampling = call.Sampling with { Given = call.Prompt[1..], MinTokens = call.Sampling.MinTokens + call.Prompt.Length - 1 },
    };

    // The first candidate draws as the only one would; each other has a seed of its own, made of the request's.
    private static SamplingParameters Sampling(ModelRequest request, int candidate, OutputStructure? structure) => request.Call.Sampling with
    {
        Seed = candidate == 0 ? request.Call.Sampling.Seed : CounterRandom.Bits(request.Call.Sampling.Seed, candidate),
        TopLogprobs = request.Call.Sampling.TopLogprobs ?? (request.WantsLikelihood ? 0 : null),
        Structure = structure,
    };

    private static int CheckInput(int[] tokens, string name, in ContextRoom room) => tokens.Length <= room.Tokens
        ? 0
        : throw new RequestFaultException(FaultKind.TooLong, name, $"The input has {tokens.Length} tokens; {room}.");

    /// <summary>Tokens to generate: what is asked for, or all that there is room for.</summary>
    private static int Budget(int[] prompt, ModelRequest request, string name, in ContextRoom room)
    {
        if (prompt.Length + (request.MaxTokens == 0 ? 0 : 1) > room.Tokens)
        {
            throw new RequestFaultException(
                FaultKind.TooLong, name, $"The prompt has {prompt.Length} tokens; {room}, of which at least 1 is for the answer.");
        }

        var left = room.Tokens - prompt.Length;
        if (request.MaxTokens is { } tokens && tokens > left)
        {
            throw new RequestFaultException(
                FaultKind.TooLong,
                name,
                $"The prompt has {prompt.Length} tokens and '{request.MaxTokensName}' is {tokens}, together {prompt.Length + (long)tokens}; {room}.");
        }

        var most = request.MaxTokens ?? Math.Min(left, request.DefaultMaxTokens ?? left);
        return request.Call.Sampling.MinTokens <= most
            ? most
            : throw new RequestFaultException(
                FaultKind.Value, "min_tokens", $"'min_tokens' is {request.Call.Sampling.MinTokens}, and the answer has up to {most} tokens; lower it, or raise '{request.MaxTokensName}'.");
    }

    /// <summary>Refuses a request that a few bytes make into thousands of calls.</summary>
    private static void CheckCount(int prompts, int candidates)
    {
        var answers = (long)prompts * candidates;
        if (answers > MaxCalls)
        {
            throw new RequestFaultException(
                FaultKind.Value,
                "n",
                $"{prompts} prompts with {candidates} answers each are {answers} answers; a request may ask for up to {MaxCalls}. Send several requests.");
        }
    }

    private static void CheckCopies(ModelRequest request)
    {
        var call = request.Call;
        var each = (request.Structure?.Source.Text.Length ?? 0)
            + (request.Tools?.Functions.Sum(static function => (long)SchemaBytes(function) + function.Name.Length + function.Path.Length + ToolBytes) ?? 0)
            + call.StopStrings.Sum(static stop => (long)stop.Length)
            + ((long)BiasBytes * call.Sampling.LogitBias.Count);
        var answers = (long)request.Prompts.Count * request.Candidates;
        if (each * answers > MaxCopiedBytes)
        {
            throw new RequestFaultException(
                FaultKind.Value,
                "n",
                $"The structure, tools, stop strings and biases are {each} bytes for each of {answers} answers; a request may have up to {MaxCopiedBytes} in all. Make them smaller, or send several requests.");
        }
    }

    private static void CheckTokens(int[][] prompts, int candidates)
    {
        var tokens = prompts.Sum(static prompt => (long)prompt.Length) * candidates;
        if (tokens > MaxPromptTokens)
        {
            throw new RequestFaultException(
                FaultKind.Value,
                "n",
                $"Prompts and answers to each are {tokens} prompt tokens together; a request may have up to {MaxPromptTokens}. Send several requests.");
        }
    }
}
