using System.Net;

namespace Crescent.Sdk;

/// <summary>A factory refused, failed, or cannot be reached.</summary>
/// <param name="message">What is wrong and, where it is the request, which field and what it takes.</param>
/// <param name="inner">What was thrown below; null for nothing.</param>
public sealed class CrescentException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The status of HTTP; null over Orleans and where no answer came.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>The API's word for it, such as <c>overloaded</c> or <c>context_length_exceeded</c>; null where it has none.</summary>
    public string? Code { get; init; }

    /// <summary>The field of the request that is at fault; null where none is.</summary>
    public string? Field { get; init; }

    /// <summary>When to ask again; null where that makes no sense, or nobody knows.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
