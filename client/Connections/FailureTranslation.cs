namespace Crescent.Client.Connections;

/// <summary>Gives a transport's own exceptions the words of <see cref="FactoryException"/>; what has no translation passes through.</summary>
internal static class FailureTranslation
{
    /// <summary>Awaits <paramref name="work"/>, translating its failure.</summary>
    public static async Task<T> Translating<T>(this Task<T> work, Func<Exception, FactoryException?> translate)
    {
        try
        {
            return await work;
        }
        catch (Exception e) when (translate(e) is { } translated)
        {
            throw translated;
        }
    }

    /// <summary>Enumerates <paramref name="stream"/>, translating its failure.</summary>
    public static async IAsyncEnumerable<T> Translating<T>(this IAsyncEnumerable<T> stream, Func<Exception, FactoryException?> translate)
    {
        await using var enumerator = stream.GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            try
            {
                if (!await enumerator.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (Exception e) when (translate(e) is { } translated)
            {
                throw translated;
            }

            yield return enumerator.Current;
        }
    }
}
