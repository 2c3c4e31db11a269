using Crescent.Client.Connections;

namespace Crescent.Client.Json;

/// <summary>A failure, as JSON output tells it.</summary>
internal sealed record FailureDocument(FailureDocument.Body Error)
{
    public static FailureDocument Of(FactoryException failure) => new(new Body(failure.Message, failure.Remedy));

    /// <param name="Message">What went wrong.</param>
    /// <param name="Remedy">What to do about it.</param>
    internal sealed record Body(string Message, string Remedy);
}
