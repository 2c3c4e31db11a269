using System.Text;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Kept;
using Crescent.Grains.Requests;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains.Kept;

/// <summary>Reads a kept answer as a front end does, and remembers each chunk.</summary>
internal sealed class KeptReader
{
    private readonly List<(int Choice, string Text, int Tokens)> _chunks = [];
    private readonly StringBuilder[] _texts;
    private readonly KeptStream _stream;
    private readonly CancellationTokenSource _leave = new();

    private KeptReader(KeptStream stream, int choices, bool joined)
    {
        (_stream, IsJoined) = (stream, joined);
        _texts = [.. Enumerable.Range(0, choices).Select(static _ => new StringBuilder())];
        Ended = Task.Run(Read);
    }

    public bool IsJoined { get; }

    public Task Ended { get; }

    public KeptStream Stream => _stream;

    /// <summary>The chunks so far, in order.</summary>
    public IReadOnlyList<(int Choice, string Text, int Tokens)> Chunks
    {
        get
        {
            lock (_chunks)
            {
                return [.. _chunks];
            }
        }
    }

    public IEnumerable<string> Texts => _texts.Select(static text => text.ToString());

    /// <summary>Asks for <paramref name="calls"/> by <paramref name="key"/> at a front end.</summary>
    public static async Task<KeptReader> Open(InProcessSiloHandle front, string key, params InferenceRequest[] calls)
    {
        var answers = FactoryCluster.Service<IKeptAnswers>(front);
        var call = await answers.Claim("tenant", key, [1], TestContext.Current.CancellationToken);
        var deadline = new RequestDeadline(null, 0, TimeProvider.System);
        var stream = await answers.Open(call, new PreparedRequest(calls[0].RequestId, null!, [], calls, default, [], deadline), 1, null);
        return new KeptReader(stream, calls.Length, call.IsJoined);
    }

    /// <summary>Its caller hangs up.</summary>
    public async Task Leave()
    {
        await _leave.CancelAsync();
        _stream.Leave();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ended);
    }

    private async Task Read()
    {
        while (await _stream.Next(_leave.Token))
        {
            while (_stream.TryRead(out var item))
            {
                _texts[item.Choice].Append(item.Chunk.Text);
                lock (_chunks)
                {
                    _chunks.Add((item.Choice, item.Chunk.Text, item.Chunk.Tokens.Count));
                }
            }
        }
    }
}
