using System.Collections.Frozen;
using System.Text.Json.Serialization;
using Crescent.Engine.Kv;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// One sequence to generate: the same record from the front end, which reads it from a request, to the sequence of the engine that runs it. What a caller
/// asks for stands first; what belongs to one attempt at it, set by whoever places it, stands last. Crosses processes by the names of its properties: a
/// new one needs a default that means what its absence meant before.
/// </summary>
public sealed record InferenceRequest
{
    /// <summary>For logs and look-ups, such as <c>chatcmpl-…</c>.</summary>
    public string RequestId { get; init; } = "";

    /// <summary>Name of the model that is to run it; null for the one that the engine has. An engine refuses another's.</summary>
    public string? Model { get; init; }

    /// <summary>Adapter of the model; null for the model as it is. An engine refuses one that it has not.</summary>
    public string? Adapter { get; init; }

    /// <summary>Prompt tokens, at least one.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>
    /// Most tokens to generate, at least 1; 0 for a request that wants its embedding. An output with a structure is brought to its end
    /// within them, if they are more than the bytes of the shortest text that the structure allows.
    /// </summary>
    public required int MaxTokens { get; init; }

    /// <summary>
    /// Wants the embedding of the prompt instead of tokens: the mean of the hidden states of all its tokens, after the final norm,
    /// scaled to length 1. Nothing of it is taken from the prefix cache or left there: a cached token has no hidden state.
    /// </summary>
    public bool WantsEmbedding { get; init; }

    /// <summary>How tokens are drawn.</summary>
    public SamplingParameters Sampling { get; init; } = SamplingParameters.Greedy;

    /// <summary>Strings that end the output; neither they nor a part of them is put out.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the output like the model's own end tokens.</summary>
    public IReadOnlyCollection<int> StopTokens { get; init; } = FrozenSet<int>.Empty;

    /// <summary>Go on past end tokens until <see cref="MaxTokens"/>.</summary>
    public bool IgnoreEndOfGeneration { get; init; }

    /// <summary>How long it may be kept waiting for others.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    /// <summary>Whose it is; tenants of a class share fairly.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>
    /// Name under which what it takes is summed up beside its tenant's, such as that of an agent task; empty for none. It decides nothing:
    /// <see cref="Program"/> does.
    /// </summary>
    public string Task { get; init; } = "";

    /// <summary>
    /// The tenant's program that it is a call of, such as a conversation, a coding session or an agent task; null for none, when it is a program of its own.
    /// Calls of a program extend each other, so they go where the last one was if that is not dear, and they share a place in the queue.
    /// </summary>
    public string? Program { get; init; }

    /// <summary>
    /// The program for which <see cref="Program"/> works, such as the agent that has started it as its sub-agent; null for none. What either takes counts as the
    /// parent's.
    /// </summary>
    public string? ParentProgram { get; init; }

    /// <summary>Whether its program goes on no sooner than with its answer; it then goes before others of the same program.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsCritical { get; init; }

    /// <summary>Whether it is its program's last call, so that nothing of what it leaves is expected to be used again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool EndsProgram { get; init; }

    /// <summary>Requests with the same prompt: the first is computed, the others fork off it on its device. Null for one on its own.</summary>
    public SiblingGroup? Siblings { get; init; }

    /// <summary>Separates this request's cached blocks from those with another salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Time from submission after which nobody wants the answer any more; null for no limit.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Tokens to guess ahead by n-gram look-up in the sequence's own text; 0 for none, at most 16.</summary>
    public int SpeculativeTokens { get; init; }

    /// <summary>
    /// Tokens to guess ahead by the engine's draft model, where it has one and <see cref="SpeculativeTokens"/> finds nothing; 0 for none, at most 16, null for as many as the engine
    /// guesses by itself.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int? DraftTokens { get; init; }

    /// <summary>The span that it is a part of, as W3C's <c>traceparent</c>; empty where it is not traced, null where nobody has decided. The engine only carries it.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Unique within the engine; chosen by who submits, who cancels by it.</summary>
    public long Id { get; init; }

    /// <summary>
    /// How many of the last prompt tokens are output of an earlier attempt at this sequence, whose device died: 0 to the prompt's
    /// length less one. They count as output for penalties, minimum length, stop strings and structure, and are not put out again.
    /// Offsets of the outputs and <see cref="MaxTokens"/> still count from 0. Draws depend on the position in prompt and output
    /// together, so they go on as if nothing had happened.
    /// </summary>
    public int ResumedTokens { get; init; }

    /// <summary>Where keys and values of the prompt's beginning are to be had; null to look in the engine's own cache only.</summary>
    public KvSource? KvSource { get; init; }

    /// <summary>The request whose blocks it shares, of <see cref="KvSource"/>.</summary>
    [JsonIgnore]
    public long? ForkOf => KvSource?.Fork;

    /// <summary>
    /// Hashes of the prompt's full blocks as the engine's cache names them, the first ones at least, where somebody has made them already; null where nobody has.
    /// They stay in their process.
    /// </summary>
    [JsonIgnore]
    public BlockHash[]? Chain { get; init; }

    /// <summary>Where the sink sends the outputs; the engine only carries it, and it stays in its process.</summary>
    [JsonIgnore]
    public object? Link { get; init; }
}
