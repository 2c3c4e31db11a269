using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Agents.Steps;
using Crescent.Agents.Tasks;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Configuration;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Gpu;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Agents;

/// <summary>Does the steps of agent tasks: an inference goes through the one door to the models, a tool is called. One per silo.</summary>
internal sealed class StepRunner(
    IGenerationService generations, RequestDesk desk, CrescentSiloOptions silo, AgentTools tools, AgentMetrics metrics, IPowerWord power, IOptions<AgentOptions> options, TimeProvider time,
    IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>Counts what tasks do.</summary>
    internal AgentMetrics Metrics => metrics;

    /// <summary>The cluster's price of power, in points, for a task of the batch class; 0 for the others, and where there is enough. While the governor defers the class it is at least the highest that counts.</summary>
    internal double PriceFor(TaskSpec spec) =>
        !spec.Priority.Equals("batch", StringComparison.OrdinalIgnoreCase) ? 0 : Math.Max(power.Price("", ""), power.DeferBatch ? FanOut.Prices[^1] : 0);

    /// <summary>Whether the governor defers the batch class.</summary>
    internal bool Defers => power.DeferBatch;

    /// <summary>The silo stops: steps under way are left, and another silo does them again.</summary>
    internal CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>The model that a task means; null where the cluster has none of that name.</summary>
    public ServedModel? Model(string? name) => silo.Models?.Find(name);

    /// <summary>Names of the models, for messages.</summary>
    public string ModelNames => silo.Models?.Names ?? "none";

    /// <summary>An inference as a call.</summary>
    /// <exception cref="RequestFaultException">It cannot be done, such as for its length.</exception>
    internal async Task<PreparedRequest> Prepare(AgentMachine machine, TaskSpec spec, InferenceStep step, SiblingGroup? siblings, string traceParent, Action<string> waits, CancellationToken cancellationToken)
    {
        var model = Model(spec.Model) ?? throw new RequestFaultException(FaultKind.Value, "model", $"There is no model '{spec.Model}'; the cluster serves {ModelNames}.");
        var request = new ModelRequest
        {
            Id = machine.KeyOf(step.Id),
            Model = model,
            Prompts = [PromptSource.Conversation("messages", step.Messages.Sum(static message => (long)message.Content.Length), () => Conversation(step.Messages))],
            DefaultMaxTokens = step.MaxTokens,
            WantsLikelihood = true,
            Tools = step.UsesTools && spec.Tools.Count > 0 ? Tools(spec.Tools) : null,
            Call = new InferenceRequest
            {
                Prompt = [],
                MaxTokens = 0,
                Tenant = spec.Tenant,
                Task = machine.Id,
                Program = machine.Id,
                IsCritical = step.IsCritical,
                Siblings = siblings,
                TraceParent = traceParent,
                CacheSalt = spec.CacheSalt,
                Priority = Enum.TryParse<RequestPriority>(spec.Priority, ignoreCase: true, out var priority) ? priority : RequestPriority.Standard,
                Sampling = new SamplingParameters { Temperature = (float)step.Temperature, Seed = SeedOf(spec.Seed, step.Id) },
            },
        };
        for (var pause = FirstPause; ; pause *= 2)
        {
            try
            {
                return await desk.Prepare(request, cancellationToken);
            }
            catch (RequestRefusedException e) when (e.Reason is not (RefusalReason.TooLong or RefusalReason.Invalid))
            {
                waits(e.Message);
            }

            await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellationToken);
        }
    }

    /// <summary>Runs an inference to its end. Devices that fail it are tried again, and those that are all busy are waited for.</summary>
    /// <param name="request">The call.</param>
    /// <param name="heard">Told of text as it comes.</param>
    /// <param name="waits">Told why it waits.</param>
    /// <param name="cut">Cuts it short: what there is then is its result.</param>
    internal async Task<StepResult> Infer(PreparedRequest request, Action<string> heard, Action<string> waits, CancellationToken cut)
    {
        var began = time.GetTimestamp();
        var pause = FirstPause;
        var failed = 0;
        var lost = LostAttempts.None;
        for (var answer = new StepAnswer(request); ; answer = new StepAnswer(request))
        {
            try
            {
                await foreach (var chunk in generations.Generate(request.Calls[0], cut))
                {
                    answer.Add(chunk);
                    if (chunk.Utf8.Length > 0)
                    {
                        heard(chunk.Text);
                    }
                }

                return answer.Result(StepOutcome.Done, time.GetElapsedTime(began)) with { Lost = Told(lost) };
            }
            catch (OperationCanceledException) when (cut.IsCancellationRequested)
            {
                return answer.Result(StepOutcome.Cut, time.GetElapsedTime(began)) with { Lost = Told(lost) };
            }
            catch (RequestRefusedException e) when (e.Reason is RefusalReason.TooLong or RefusalReason.Invalid)
            {
                return StepAnswer.Failed(e.Message, time.GetElapsedTime(began)) with { Lost = Told(lost.With(answer.Lost(null))) };
            }
            catch (RequestRefusedException e)
            {
                lost = lost.With(answer.Lost(null));

                // Work that is durable waits for its turn.
                pause = e.RetryAfter is { } after && after > pause ? after : pause;
                waits(e.Message);
            }
            catch (Exception e) when (e is GenerationFailedException or TimeoutException or DeadlineExceededException)
            {
                lost = lost.With(answer.Lost((e as GenerationFailedException)?.Usage) ?? new LostAttempts { Attempts = 1 });
                if (++failed >= options.Value.Attempts)
                {
                    return StepAnswer.Failed($"It was tried {failed} times: {e.Message}", time.GetElapsedTime(began)) with { Lost = lost };
                }

                waits(e.Message);
            }

            try
            {
                await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cut);
            }
            catch (OperationCanceledException)
            {
                // What the last try took is among what was lost.
                return new StepResult { Outcome = StepOutcome.Cut, Text = answer.Text, Seconds = time.GetElapsedTime(began).TotalSeconds, Lost = Told(lost) };
            }

            pause *= 2;
        }
    }

    /// <summary>Calls a tool. A fault of it is a result too, which the model hears of.</summary>
    internal async Task<StepResult> Call(ToolStep step, string key, CancellationToken cut)
    {
        var result = await CallTool(step, key, cut);
        metrics.ToolCalled(step.Call.Name, result.Outcome);
        return result;
    }

    private async Task<StepResult> CallTool(ToolStep step, string key, CancellationToken cut)
    {
        var began = time.GetTimestamp();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.Value.ToolSeconds), time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cut);
        try
        {
            var tool = await tools.Find(step.Call.Name, both.Token) ?? throw new AgentToolException($"There is no tool '{step.Call.Name}'.");
            // One that does not heed its token is left to itself.
            var text = await tool.Call(step.Call.Arguments, key, both.Token).WaitAsync(both.Token);
            return new StepResult { Text = AgentTools.Bounded(text), Seconds = time.GetElapsedTime(began).TotalSeconds };
        }
        catch (OperationCanceledException) when (cut.IsCancellationRequested)
        {
            return new StepResult { Outcome = StepOutcome.Cut, Seconds = time.GetElapsedTime(began).TotalSeconds };
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return new StepResult { Outcome = StepOutcome.Failed, Text = $"It took longer than {options.Value.ToolSeconds} s.", Seconds = options.Value.ToolSeconds };
        }
        catch (OperationCanceledException e)
        {
            return new StepResult { Outcome = StepOutcome.Failed, Text = $"It was broken off: {e.Message}", Seconds = time.GetElapsedTime(began).TotalSeconds };
        }
        catch (AgentToolException e)
        {
            return new StepResult { Outcome = StepOutcome.Failed, Text = AgentTools.Bounded(e.Message), Seconds = time.GetElapsedTime(began).TotalSeconds };
        }
    }

    private static LostAttempts? Told(LostAttempts lost) => lost.Attempts > 0 ? lost : null;

    // The same for each try at a step, wherever it runs: FNV-1a over its id, on the task's own.
    private static ulong SeedOf(ulong seed, string step)
    {
        var hash = 14695981039346656037 ^ seed;
        foreach (var letter in step)
        {
            hash = unchecked((hash ^ letter) * 1099511628211);
        }

        return hash;
    }

    private static JsonArray Conversation(IReadOnlyList<StepMessage> messages)
    {
        var conversation = new JsonArray();
        foreach (var message in messages)
        {
            var json = new JsonObject { ["role"] = message.Role, ["content"] = message.Content };
            if (message.CallId is { } id)
            {
                json["tool_call_id"] = id;
            }

            if (message.Calls is { } calls)
            {
                json["tool_calls"] = new JsonArray([.. calls.Select(static call => new JsonObject
                {
                    ["id"] = call.Id,
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
                })]);
            }

            conversation.Add(json);
        }

        return conversation;
    }

    private static ToolUse Tools(IReadOnlyList<TaskTool> tools) => new(
        new JsonArray([.. tools.Select(static tool => new JsonObject
        {
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = tool.Name, ["description"] = tool.Description, ["parameters"] = JsonNode.Parse(tool.Parameters) },
        })]),
        [.. tools.Select(static tool => new ToolFunction(tool.Name, JsonElement.Parse(tool.Parameters), $"tools.{tool.Name}.parameters", IsStrict: false))]);

    /// <summary>An answer as it comes.</summary>
    private sealed class StepAnswer(PreparedRequest request)
    {
        private readonly AnswerReader _reader = new(request.ToolStyle, request.Model.Model.Tokenizer, request.Calls[0].Sampling.Structure);
        private readonly List<AnswerDelta> _deltas = [];
        private readonly StringBuilder _text = new();
        private readonly List<(string Id, string Name, StringBuilder Arguments)> _calls = [];
        private double _logprobs;
        private int _tokens;
        private GenerationChunk _last;

        public string Text => _text.ToString();

        /// <summary>A try that came to nothing; null where it had not come to a token.</summary>
        public LostAttempts? Lost(ChatUsage? taken) => _tokens == 0 && taken is not { Joules: > 0 } ? null : new LostAttempts
        {
            Attempts = 1,
            PromptTokens = _tokens > 0 ? request.Prompts[0].Length : 0,
            OutputTokens = _tokens,
            Joules = Finite(taken?.Joules ?? 0, 0),
        };

        public void Add(in GenerationChunk chunk)
        {
            _tokens += chunk.Tokens.Count;
            foreach (var logprob in chunk.Logprobs ?? [])
            {
                _logprobs += logprob.Chosen;
            }

            _reader.Read(chunk, _deltas);
            foreach (var delta in _deltas)
            {
                _text.Append(delta.Content);
                if (delta.Call is { } call)
                {
                    if (call.Index == _calls.Count)
                    {
                        _calls.Add((call.Id ?? "", call.Name ?? "", new StringBuilder()));
                    }

                    _calls[call.Index].Arguments.Append(call.Arguments);
                }
            }

            _deltas.Clear();
            _last = chunk.FinishReason is null ? _last : chunk;
        }

        // A call's id is its number: the same whenever the step is done again.
        public StepResult Result(StepOutcome outcome, TimeSpan took) => new()
        {
            Outcome = outcome,
            Text = Text,
            Calls = outcome == StepOutcome.Done
                ? [.. _calls.Select((call, i) => new AskedTool($"{request.Id[(request.Id.LastIndexOf('/') + 1)..]}-{i}", call.Name, call.Arguments.Length > 0 ? call.Arguments.ToString() : "{}"))]
                : [],
            MeanLogprob = _tokens > 0 ? Math.Clamp(Finite(_logprobs / _tokens, -100), -100, 0) : 0,
            IsTruncated = _last.FinishReason == "length",
            PromptTokens = _last.Usage?.PromptTokens ?? request.Prompts[0].Length,
            CachedTokens = _last.Usage?.CachedTokens ?? 0,
            OutputTokens = _last.Usage?.CompletionTokens ?? _tokens,
            Seconds = took.TotalSeconds,
            Joules = Finite(_last.Usage?.Joules ?? 0, 0),
            Device = _last.Usage?.Device ?? "",
        };

        private static double Finite(double value, double otherwise) => double.IsFinite(value) ? value : otherwise;

        public static StepResult Failed(string why, TimeSpan took) => new() { Outcome = StepOutcome.Failed, Text = why, Seconds = took.TotalSeconds };
    }
}
