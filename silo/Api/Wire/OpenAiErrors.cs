using System.Text.Json;

namespace Crescent.Silo.Api.Wire;

/// <summary>OpenAI's error object.</summary>
internal sealed class OpenAiErrors : IErrorShape
{
    public static readonly OpenAiErrors Instance = new();

    public string? Event => null;

    public byte[] Body(ApiException error, string request) => EventBody(error, request, null);

    public byte[] EventBody(ApiException error, string request, long? retryAfter) => JsonSerializer.SerializeToUtf8Bytes(
        new ErrorBody(new ErrorBody.Detail(error.Message, error.Type, error.Parameter, error.Code, retryAfter)), ApiJson.Readable.ErrorBody);
}
