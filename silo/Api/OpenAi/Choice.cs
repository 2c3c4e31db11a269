using System.Text;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>A choice of a whole answer, as it comes together.</summary>
internal sealed class Choice(AnswerReader reader, TextOffsets offsets)
{
    private readonly StringBuilder _content = new();
    private readonly StringBuilder _thought = new();
    private readonly List<int> _tokens = [];
    private readonly List<TokenLogprobs?> _logprobs = [];
    private readonly List<AnswerDelta> _deltas = [];
    private readonly List<(string? Id, string? Name, StringBuilder Arguments)> _calls = [];

    /// <summary>What the model has thought before; empty for nothing.</summary>
    public string Thought => _thought.ToString();

    /// <summary>How many tokens that was.</summary>
    public int ThoughtTokens => reader.ThoughtTokens;

    /// <summary>All of its text that is no tool call.</summary>
    public string Content => _content.ToString();

    /// <summary>Tool calls in order.</summary>
    public IReadOnlyList<(string? Id, string? Name, StringBuilder Arguments)> Calls => _calls;

    public string? FinishReason { get; private set; }

    public ChatUsage? Usage { get; private set; }

    /// <summary>When its deadline cut the answer short, such as <c>after 31 output tokens</c>; null for one that it did not.</summary>
    public string? Cut { get; private set; }

    /// <summary>Its tokens' logprobs, if the request asks for them.</summary>
    public ChoiceLogprobs Logprobs => new(_tokens, _logprobs, offsets);

    /// <summary>The mean logprob of its tokens: how likely the model finds it.</summary>
    public double MeanLogprob => _logprobs.Count == 0 ? double.NegativeInfinity : _logprobs.Average(static token => token?.Chosen ?? 0);

    /// <summary>Puts the prompt before the text; of its tokens the first has no logprob.</summary>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="tokenizer">Of the model.</param>
    /// <param name="withLogprobs">Whether all its tokens but the first were given to the model as output.</param>
    public void Echo(int[] prompt, Tokenizer tokenizer, bool withLogprobs)
    {
        if (!withLogprobs)
        {
            _content.Insert(0, EchoFields.Text(tokenizer, prompt));
            return;
        }

        _tokens.Insert(0, prompt[0]);
        _logprobs.Insert(0, null);
        _content.Clear().Append(tokenizer.Decode([.. _tokens]));
    }

    public void Add(in GenerationChunk chunk)
    {
        _tokens.AddRange(chunk.Tokens);
        _logprobs.AddRange(chunk.Logprobs ?? []);
        Usage ??= chunk.Usage;
        Cut ??= chunk.Cut;
        reader.Read(chunk, _deltas);
        FinishReason ??= reader.Reason(chunk.FinishReason);
        foreach (var delta in _deltas)
        {
            _content.Append(delta.Content);
            _thought.Append(delta.Thought);
            if (delta.Call is { } call)
            {
                if (call.Index == _calls.Count)
                {
                    _calls.Add((call.Id, call.Name, new StringBuilder()));
                }

                _calls[call.Index].Arguments.Append(call.Arguments);
            }
        }

        _deltas.Clear();
    }
}
