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

    /// <summary>There is no such agent task, or it is another's.</summary>
    public const string Task = "Name one of the tasks that `agents` lists.";

    /// <summary>What is asked does not go with how an agent task stands.</summary>
    public const string Conflict = "Look with `agents show` how the task stands and what waits for approval; other work needs another --idempotency-key.";
}
