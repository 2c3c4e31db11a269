using System.Text.Json;

namespace Crescent.Silo.Api.Wire;

/// <summary>OpenAI's error object.</summary>
internal sealed class OpenAiErrors : IErrorShape
{
    public static readonly OpenAiErrors Instance = new();

    public string? Event => null;

    public byte[] Body(ApiException error, string request) => JsonSerializer.SerializeToUtf8Bytes(
        new ErrorBody(new ErrorBody.Detail(error.Message, error.Type, error.Parameter, error.Code)), ApiJson.Readable.ErrorBody);
}
