using System.Security.Cryptography;
using System.Text;
using Crescent.Agents.Steps;

namespace Crescent.Agents.Tasks;

/// <summary>What a person approves.</summary>
public static class ToolApproval
{
    /// <summary>
    /// SHA-256 over all that then runs: the step's idempotency key, the tool and its arguments as they are, each with its length before it. Lower-case hexadecimal digits.
    /// </summary>
    /// <param name="key">The step's idempotency key.</param>
    /// <param name="call">The call.</param>
    /// <param name="unknown">Times that nobody knew what had become of it: who approved it before has not approved it again.</param>
    public static string Hash(string key, AskedTool call, int unknown = 0)
    {
        var text = new StringBuilder();
        foreach (var part in (ReadOnlySpan<string>)[key, call.Name, call.Arguments])
        {
            text.Append(part.Length).Append(':').Append(part);
        }

        if (unknown > 0)
        {
            text.Append('#').Append(unknown);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
