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
    /// <param name="error">What went wrong.</param>
    /// <param name="request">Id of the request.</param>
    /// <param name="retryAfter">When to try again, in whole seconds, as there is no header for it any more; null where that makes no sense.</param>
    byte[] EventBody(ApiException error, string request, long? retryAfter);
}
