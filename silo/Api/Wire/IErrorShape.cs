namespace Crescent.Silo.Api.Wire;

/// <summary>How a dialect tells that something went wrong; metadata of its endpoints. Without one it is told as OpenAI does.</summary>
internal interface IErrorShape
{
    /// <summary>The event by which a stream that has begun tells it; null for one without a name.</summary>
    string? Event { get; }

    /// <summary>The JSON.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="request">Id of the request.</param>
    byte[] Body(ApiException error, string request);

    /// <summary>The JSON of the event.</summary>
    byte[] EventBody(ApiException error, string request) => Body(error, request);
}
