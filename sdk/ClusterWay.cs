using Crescent.Grains.Contracts.Chat;

namespace Crescent.Sdk;

/// <summary>Calls over Orleans, and their failures.</summary>
internal static class ClusterWay
{
    /// <summary>Awaits a step of a call for at most <paramref name="timeout"/>: one through a gateway that has died would come back much later.</summary>
    /// <exception cref="CrescentException">It failed, or took too long.</exception>
    public static async Task<T> Within<T>(Task<T> step, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await step.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (ChatRefusedException e)
        {
            throw new CrescentException(e.Message, e) { RetryAfter = e.RetryAfter };
        }
        catch (ArgumentException e)
        {
            throw new CrescentException(e.Message, e) { Field = e.Message.Split(':')[0] };
        }
        catch (TimeoutException e)
        {
            throw new CrescentException($"The cluster gave no sign for {timeout.TotalSeconds:0.#} s.", e);
        }
        catch (Exception e) when (e is OrleansException or EnumerationAbortedException or IOException)
        {
            throw new CrescentException($"The cluster broke off: {e.Message}", e);
        }
    }
}
