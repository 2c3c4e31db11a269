using System.Security.Cryptography;
using System.Text;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Kept;

/// <inheritdoc cref="IKeptAnswers"/>
internal sealed class KeptDesk(
    IGrainFactory grains,
    KeptHomes homes,
    ILocalSiloDetails silo,
    EnergyAccounts accounts,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    ILogger<KeptDesk> logger) : IKeptAnswers
{
    /// <summary>Silos that are asked, one after the other, where the first cannot be reached.</summary>
    private const int MostAsked = 3;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public async Task<KeptCall> Claim(string tenant, string key, byte[] body, CancellationToken cancellation)
    {
        var ask = new KeptAsk { Key = Name(tenant, key), Body = body, Asker = silo.Name };
        while (true)
        {
            var reply = await Ask(ask);
            if (reply.State != KeptState.Pending)
            {
                return new KeptCall(ask, reply);
            }

            await Task.Delay(Poll, time, cancellation);
        }
    }

    public async Task Release(KeptCall call)
    {
        try
        {
            await Keeper(call.Reply.Home).Release(call.Ask.Key, call.Reply.Claim);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // The claim lapses by itself.
            KeptLog.AskFailed(logger, call.Reply.Home, e.Message);
        }
    }

    public async Task<KeptStream> Open(KeptCall call, PreparedRequest request, long created, IDisposable? lease)
    {
        var (home, head) = (call.Reply.Home, call.Reply.Head);
        if (head is null)
        {
            var begun = await Start(Order(call, request, new KeptHead { Id = request.Id, Created = created }, []) with { Claim = call.Reply.Claim }, home, null);
            (home, head) = (begun.Home, begun.Head!);
        }

        return new KeptStream(this, call, request, home, head, lease);
    }

    /// <summary>What was asked for, as a keeper is told it.</summary>
    internal static KeptStart Order(KeptCall call, PreparedRequest request, KeptHead head, byte[] records) => new()
    {
        Ask = call.Ask,
        Head = head,
        Calls = [.. request.Calls],
        Deadline = request.Deadline.Left(),
        Records = records,
    };

    /// <summary>More of an answer.</summary>
    internal Task<KeptPage> Read(string home, KeptRead read) => Keeper(home).Read(read);

    /// <summary>Charges what an answer has taken to whoever asked for it.</summary>
    internal void Charge(PreparedRequest request, KeptPage page)
    {
        foreach (var usage in page.Bills)
        {
            accounts.Charge(request.Calls[0].Tenant, request.Calls[0].Task, usage);
        }
    }

    /// <summary>Goes on with an answer whose keeper is lost, at another.</summary>
    /// <exception cref="GenerationFailedException">It cannot be gone on with.</exception>
    internal async Task<KeptReply> GoOn(KeptStart start, string lost, string reason)
    {
        KeptLog.KeeperLost(logger, lost, start.Head.Id, reason);
        var reply = await Start(start, null, lost);
        KeptLog.WentOn(logger, start.Head.Id, reply.Home, start.Records.Length);
        return reply;
    }

    /// <summary>Finds a keeper for an answer.</summary>
    /// <param name="start">The answer.</param>
    /// <param name="first">The keeper to try first; null for none.</param>
    /// <param name="avoid">One to try last; null for none.</param>
    private async Task<KeptReply> Start(KeptStart start, string? first, string? avoid)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            // This silo keeps its own answers only where it is alone.
            var order = homes.Of(start.Ask.Key).OrderBy(name => name == first ? 0 : name == silo.Name ? 3 : name == avoid ? 2 : 1).ToArray();
            foreach (var name in order.Take(MostAsked))
            {
                try
                {
                    var reply = await Keeper(name).Start(start);
                    return reply.State switch
                    {
                        KeptState.There => reply,
                        KeptState.Full => throw Full(),
                        _ => throw new GenerationFailedException("Another answer was begun with this Idempotency-Key meanwhile. Send the request again."),
                    };
                }
                catch (Exception e) when (e is OrleansException or TimeoutException)
                {
                    KeptLog.AskFailed(logger, name, e.Message);
                }
            }

            if (time.GetElapsedTime(began).TotalSeconds > options.Value.ResumeSeconds)
            {
                throw Unreachable();
            }

            await Task.Delay(Pause, time);
        }
    }

    private static RequestRefusedException Full() => new(
        RefusalReason.Overloaded, "As many answers with an Idempotency-Key are under way as are kept. Come back later, or send it without the key.", TimeSpan.FromSeconds(5));

    private static RequestRefusedException Unreachable() => new(
        RefusalReason.Unavailable, "No silo can be reached that keeps answers with an Idempotency-Key.", TimeSpan.FromSeconds(1));

    private async Task<KeptReply> Ask(KeptAsk ask)
    {
        foreach (var name in homes.Of(ask.Key).Take(MostAsked))
        {
            try
            {
                return await Keeper(name).Claim(ask);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                KeptLog.AskFailed(logger, name, e.Message);
            }
        }

        throw Unreachable();
    }

    private IKeeperGrain Keeper(string name) => grains.GetGrain<IKeeperGrain>(KeeperGrain.KeyOf(name));

    /// <summary>The length keeps tenants apart, whatever their keys; the hash keeps keys out of logs.</summary>
    internal static string Name(string tenant, string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant.Length}:{tenant}{key}")));
}
