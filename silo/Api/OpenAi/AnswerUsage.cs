using System.Text.Json;
using Crescent.Grains.Contracts.Chat;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>
/// What an answer took: OpenAI's token counts, and under <c>crescent</c> what they leave out. Of several choices tokens and joules are
/// sums; the times, which run side by side, are those of the longest.
/// </summary>
internal sealed class AnswerUsage
{
    private readonly SortedSet<string> _devices = new(StringComparer.Ordinal);
    private int _promptTokens;
    private int _cachedTokens;
    private int _completionTokens;
    private int _thoughtTokens;
    private double _queueSeconds;
    private double _prefillSeconds;
    private double _decodeSeconds;
    private readonly SortedSet<string> _sources = new(StringComparer.Ordinal);
    private double _joules;
    private double _estimatedJoules;
    private bool _simulated;
    private int _attempts;

    /// <summary>Tokens of the prompts.</summary>
    public int PromptTokens => _promptTokens;

    /// <summary>How many of them came from the prefix cache.</summary>
    public int CachedTokens => _cachedTokens;

    /// <summary>Tokens of the answers.</summary>
    public int CompletionTokens => _completionTokens;

    /// <summary>How many of them the model has thought.</summary>
    public int ThoughtTokens => _thoughtTokens;

    /// <param name="usage">Of one choice.</param>
    /// <param name="sharesPrompt">Whether another choice was made of the same prompt, which counts once.</param>
    /// <param name="given">Output tokens that were given, and so are part of the prompt.</param>
    /// <param name="thought">Output tokens that the model has thought.</param>
    public void Add(ChatUsage usage, bool sharesPrompt, int given = 0, int thought = 0)
    {
        // A deadline may have come while they were given.
        given = Math.Min(given, usage.CompletionTokens);
        if (!sharesPrompt)
        {
            _promptTokens += usage.PromptTokens + given;
            _cachedTokens += usage.CachedTokens;
        }

        _completionTokens += usage.CompletionTokens - given;
        _thoughtTokens += thought;
        _queueSeconds = Math.Max(_queueSeconds, usage.QueueSeconds);
        _prefillSeconds = Math.Max(_prefillSeconds, usage.PrefillSeconds);
        _decodeSeconds = Math.Max(_decodeSeconds, usage.DecodeSeconds);
        _joules += usage.Joules;
        _estimatedJoules += usage.EstimatedJoules;
        _simulated |= usage.Simulated;
        _attempts = Math.Max(_attempts, usage.Attempts);
        _sources.UnionWith(usage.EnergySource.Split(',', StringSplitOptions.RemoveEmptyEntries));
        _devices.Add(usage.Device);
    }

    /// <summary>Writes the property <c>usage</c>.</summary>
    /// <param name="json">Takes it.</param>
    /// <param name="generates">False for embeddings, which have no completion tokens.</param>
    public void Write(Utf8JsonWriter json, bool generates = true)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, _promptTokens);
        if (generates)
        {
            json.WriteNumber("completion_tokens"u8, _completionTokens);
        }

        json.WriteNumber("total_tokens"u8, _promptTokens + _completionTokens);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, _cachedTokens);
        json.WriteEndObject();
        if (generates)
        {
            json.WriteStartObject("completion_tokens_details"u8);
            json.WriteNumber("reasoning_tokens"u8, _thoughtTokens);
            json.WriteEndObject();
        }

        WriteOwn(json);
        json.WriteEndObject();
    }

    /// <summary>Writes in <c>crescent</c> and <c>energy</c> what other dialects have no names for either.</summary>
    public void WriteOwn(Utf8JsonWriter json)
    {
        json.WriteStartObject("crescent"u8);
        json.WriteNumber("queue_seconds"u8, Math.Round(_queueSeconds, 6));
        json.WriteNumber("prefill_seconds"u8, Math.Round(_prefillSeconds, 6));
        json.WriteNumber("decode_seconds"u8, Math.Round(_decodeSeconds, 6));
        json.WriteNumber("joules"u8, Math.Round(_joules, 6));
        json.WriteString("device"u8, string.Join(",", _devices));
        json.WriteEndObject();
        WriteEnergy(json);
    }

    private void WriteEnergy(Utf8JsonWriter json)
    {
        json.WriteStartObject("energy"u8);
        json.WriteNumber("joules"u8, Math.Round(_joules, 6));
        if (_estimatedJoules > 0)
        {
            json.WriteNumber("estimated_joules"u8, Math.Round(_estimatedJoules, 6));
        }

        json.WriteString("source"u8, string.Join(",", _sources));
        json.WriteBoolean("simulated"u8, _simulated);
        if (_attempts > 1)
        {
            json.WriteNumber("attempts"u8, _attempts);
        }

        json.WriteEndObject();
    }
}
