using System.Runtime.CompilerServices;
using Crescent.Client.Connections;

namespace Crescent.Client.Agents;

/// <summary>Follows a task to its end. A connection that breaks off, or on which nothing comes, is taken up again behind the last event that was heard.</summary>
/// <param name="agents">The way to the task.</param>
/// <param name="patience">Longest time for which no connection can be had.</param>
/// <param name="time">The clock; the system's unless given.</param>
internal sealed class AgentFollower(IAgentConnection agents, TimeSpan patience, TimeProvider? time = null)
{
    private const string Done = "done";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>What happens, each numbered event once; the last is <c>done</c>.</summary>
    /// <exception cref="FactoryException">There is no such task, or no connection for too long.</exception>
    public async IAsyncEnumerable<AgentNews> Follow(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long last = 0;
        var connected = _time.GetTimestamp();
        while (true)
        {
            FactoryException? lost = null;
            var opened = false;
            await using (var news = agents.Watch(id, last, cancellationToken).GetAsyncEnumerator(cancellationToken))
            {
                while (true)
                {
                    try
                    {
                        if (!await news.MoveNextAsync())
                        {
                            break;
                        }
                    }
                    catch (FactoryException e) when (e.ConnectionLost)
                    {
                        lost = e;
                        break;
                    }

                    // A connection that was silent for long, as that to a task that waits for a person, has not been away.
                    opened = true;
                    if (news.Current is not { } heard || (heard.Number > 0 && heard.Number <= last))
                    {
                        continue;
                    }

                    last = Math.Max(last, heard.Number);
                    yield return heard;
                    if (heard.Kind == Done)
                    {
                        yield break;
                    }
                }
            }

            connected = opened ? _time.GetTimestamp() : connected;
            if (_time.GetElapsedTime(connected) > patience)
            {
                throw lost ?? new FactoryException($"The events of {id} end before it does", "Look with `agents show` how it stands.");
            }

            await Task.Delay(Pause, _time, cancellationToken);
        }
    }
}
