using System.Runtime.InteropServices;
using System.Text.Json;
using Crescent.Grains.Streams;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The embeddings of one request, as they come in and as they are sent.</summary>
internal sealed class EmbeddingAnswer(string model, int inputs)
{
    private readonly float[]?[] _embeddings = new float[inputs][];
    private readonly AnswerUsage _usage = new();
    private readonly Lock _lock = new();

    /// <summary>Takes what came for an input; safe for use by many threads.</summary>
    public void Take(int input, in GenerationChunk chunk)
    {
        lock (_lock)
        {
            _embeddings[input] ??= chunk.Embedding;
            if (chunk.Usage is { } usage)
            {
                _usage.Add(usage, sharesPrompt: false);
            }
        }
    }

    /// <summary>Sends all of them.</summary>
    public async Task Send(HttpContext http, bool base64)
    {
        var missing = Array.IndexOf(_embeddings, null);
        if (missing >= 0)
        {
            throw new InvalidOperationException($"Input {missing} ended without an embedding.");
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, ApiJson.Writer);
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        for (var input = 0; input < inputs; input++)
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "embedding"u8);
            json.WriteNumber("index"u8, input);
            json.WritePropertyName("embedding"u8);
            Write(json, _embeddings[input]!, base64);
            json.WriteEndObject();

            // A long list leaves in pieces instead of piling up.
            await json.FlushAsync(http.RequestAborted);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }

        json.WriteEndArray();
        json.WriteString("model"u8, model);
        lock (_lock)
        {
            _usage.Write(json, generates: false);
        }

        json.WriteEndObject();
        await json.FlushAsync(http.RequestAborted);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, float[] embedding, bool base64)
    {
        if (base64)
        {
            // Little endian, as on every machine that .NET runs on but one.
            json.WriteBase64StringValue(MemoryMarshal.AsBytes<float>(embedding));
            return;
        }

        json.WriteStartArray();
        foreach (var value in embedding)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
