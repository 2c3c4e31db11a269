namespace Crescent.Client.Connections;

/// <summary>What a user can do about failures that both transports have.</summary>
internal static class Remedies
{
    /// <summary>No decision about a request is remembered.</summary>
    public const string Decision = "Check the id, such as chatcmpl-…; ask before that many calls have followed, and before the front end stops.";

    /// <summary>There is no such model.</summary>
    public const string Model = "Name one of the factory's models; GET /v1/models lists them.";

    /// <summary>There is no such device.</summary>
    public const string Device = "Name one of the factory's devices; `top` shows them.";
}
