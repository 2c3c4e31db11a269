namespace Crescent.Grains.Agents;

/// <summary>A tool that agents may call.</summary>
public interface IAgentTool
{
    /// <summary>Its name, unique among the silo's.</summary>
    string Name { get; }

    /// <summary>What it does, for the model.</summary>
    string Description { get; }

    /// <summary>The JSON schema of its arguments.</summary>
    string Parameters { get; }

    /// <summary>Whether it may be called again with the same key when nobody knows what became of the first call.</summary>
    bool IsIdempotent { get; }

    /// <summary>Whether a person has to approve each call.</summary>
    bool NeedsApproval => false;

    /// <summary>Calls it.</summary>
    /// <param name="arguments">A JSON object.</param>
    /// <param name="key">Idempotency key: the same for each try at one call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Its result, for the model: data, whatever stands in it.</returns>
    /// <exception cref="AgentToolException">It failed; the message is for the model.</exception>
    Task<string> Call(string arguments, string key, CancellationToken cancellationToken);
}
