using System.Text.Json.Serialization;

namespace Crescent.Silo.Api.Wire;

/// <summary>OpenAI's error answer.</summary>
public sealed record ErrorBody(ErrorBody.Detail Error)
{
    /// <summary>What went wrong.</summary>
    /// <param name="Message">For a human.</param>
    /// <param name="Type">Kind of error.</param>
    /// <param name="Param">Path of the parameter at fault.</param>
    /// <param name="Code">For programs.</param>
    /// <param name="RetryAfter">When to try again, in seconds, where a stream has begun and there is no header for it; left out otherwise.</param>
    public sealed record Detail(
        string Message, string Type, string? Param, string? Code, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? RetryAfter = null);
}
