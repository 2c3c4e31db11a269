using System.Security.Cryptography;
using System.Text;
using Crescent.Grains.Kept;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Identity;
using Crescent.Silo.Ops;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Where the chunks of an answer come from, whatever its dialect: made for this request, or kept elsewhere, perhaps begun by an earlier one.</summary>
internal sealed class AnswerSource : IAsyncDisposable
{
    /// <summary>
    /// A stream's status is held back for so long, to let a refusal be one; after it the answer begins, so that the client sees that it is
    /// heard while its request waits in a queue.
    /// </summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);

    private readonly PreparedRequest _request;
    private readonly IDisposable? _used;

    private AnswerSource(PreparedRequest request, IAnswerChunks chunks, string id, long created, int? after, IDisposable? used) =>
        (_request, Chunks, Id, Created, After, _used) = (request, chunks, id, created, after, used);

    /// <summary>The chunks.</summary>
    public IAnswerChunks Chunks { get; }

    /// <summary>Of the answer; of a kept one that was begun before, what it had then.</summary>
    public string Id { get; }

    /// <summary>When it was begun, in seconds since 1970.</summary>
    public long Created { get; }

    /// <summary>Number of the last event that the reader has; null for events without numbers.</summary>
    public int? After { get; }

    /// <summary>Begins the answer to a request, or joins it: then it takes nothing more.</summary>
    public static async Task<AnswerSource> Open(HttpContext http, IGenerationService service, PreparedRequest request, TimeProvider time)
    {
        var created = time.GetUtcNow().ToUnixTimeSeconds();
        var metrics = http.RequestServices.GetRequiredService<ServingMetrics>();
        var kept = KeptRequest.Of(http);
        var used = kept is { IsJoined: true } ? null : Use(http, request);
        try
        {
            if (kept is null)
            {
                return new AnswerSource(request, new Generations(service, request, metrics, http.RequestAborted), request.Id, created, null, used);
            }

            var stream = await http.RequestServices.GetRequiredService<IKeptAnswers>().Open(kept.Call, request, created, used);
            kept.IsOpen = true;
            var chunks = new KeptGenerations(stream, kept.IsJoined ? [] : [.. request.Calls.Select(_ => metrics.Begin(request.Model.Id))], http.RequestAborted);
            return new AnswerSource(request, chunks, stream.Head.Id, stream.Head.Created, kept.After, null);
        }
        catch
        {
            used?.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the first chunk, but no longer than <see cref="FirstWait"/>; gives what waits for it.</summary>
    public async Task<Task<bool>> First(TimeProvider time, CancellationToken left)
    {
        var first = Chunks.First();
        await Task.WhenAny(first, Task.Delay(FirstWait, time, left));
        if (first.IsCompleted)
        {
            await first;
        }

        return first;
    }

    /// <summary>Reads a choice of it.</summary>
    /// <param name="choice">Its number.</param>
    /// <param name="callPrefix">What ids of calls begin with.</param>
    /// <param name="partsThoughts">Whether what the model thinks is parted from what it says.</param>
    public AnswerReader Reader(int choice, string callPrefix = "call_", bool partsThoughts = true) =>
        AnswerReader.Of(_request, call => callPrefix + (After is null ? $"{Guid.NewGuid():N}" : PartId($"{choice}/{call}")), partsThoughts);

    /// <summary>The id of a part, the same whoever makes the events.</summary>
    public string PartId(string part) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Id}/{part}")).AsSpan(..16));

    public async ValueTask DisposeAsync()
    {
        await Chunks.DisposeAsync();
        _used?.Dispose();
    }

    /// <summary>What its tenant may have at once is taken, and its prompts are charged.</summary>
    private static IDisposable? Use(HttpContext http, PreparedRequest request) => http.RequestServices.GetRequiredService<TenantQuotas>().Use(
        Caller.Of(http), Math.Min(Generations.MaxAtOnce, request.Calls.Count), request.Prompts.Sum(static prompt => (long)prompt.Length));
}
