using Crescent.Control.Placement;
using Crescent.Engine.Kv;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kv;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Inference;

/// <summary>
/// Chooses among the devices of one silo by their exact states: the view that led a call here was a moment old. It counts no
/// reservation: those that led here are of many front ends, and what has arrived is in the states. What does not show in a state of the moment, power
/// levels and what prompts have come over the last seconds, is taken from the silo's ledger.
/// </summary>
/// <param name="policy">The policy of all silos.</param>
/// <param name="report">The silo's devices now.</param>
/// <param name="caches">What devices have cached.</param>
/// <param name="ledger">What the silo knows of the factory.</param>
internal sealed class LocalChoice(IPlacementPolicy policy, SiloReport report, KvIndexFeed caches, PlacementLedger ledger)
{
    private readonly FactoryView _view = View(report, ledger);
    private readonly PrefixOverlap _prefixes = new(caches);
    private PromptPrefix? _prefix;

    /// <summary>Looks up what the devices have cached of the call's prompt.</summary>
    public void LookUp(Submission submission)
    {
        _prefix = submission.Request.WantsEmbedding || submission.Prefer is not null
            ? null
            : submission.Prefix ?? PromptPrefix.Of(caches.RootsOf(submission.Request.Model), submission.Request.Prompt, submission.Request.CacheSalt);
        _prefixes.Fill(_prefix, _view);
    }

    /// <summary>Tokens of the prompt that <paramref name="device"/> has cached, or will have in a moment.</summary>
    public int CachedTokens(Submission submission, string device)
    {
        if (submission.Request.ForkOf is not null && submission.Prefer == device)
        {
            return submission.Request.Prompt.Length - 1;
        }

        var index = _view.IndexOf(device);
        return index < 0 ? 0 : _view.CachedBlocks(index) * _view.Devices[index].Load.BlockSize;
    }

    /// <summary>Hashes of the prompt's blocks as <paramref name="device"/> names them; null where they are not known.</summary>
    public BlockHash[]? ChainOf(string device) => _prefix is not null && caches.RootOf(device) is { } root && _prefix.ChainOf(root) is { Length: > 0 } chain ? chain : null;

    /// <summary>The call was taken by <paramref name="device"/>.</summary>
    public void Took(Submission submission, string device)
    {
        _prefixes.Predict(_prefix, device);
        if (_view.IndexOf(device) is >= 0 and var at && !submission.Request.WantsEmbedding)
        {
            var cached = CachedTokens(submission, device);
            _view.Flows.Of(_view.Devices[at].Model).Learn(_view.Devices[at].Profile.PromptTime(Math.Max(1, submission.Request.Prompt.Length - cached), cached));
        }
    }

    /// <summary>The best device for the call but the one it is to avoid.</summary>
    /// <returns><c>silo/device</c>, or null when none may take it.</returns>
    public string? Choose(PlacementNeeds needs)
    {
        var call = needs.Call(report.Sequence);
        var decision = _view.TryPrefer(call, out var preferred) ? preferred : policy.Choose(call, _view);
        return decision.IsPlaced ? _view.Devices[decision.Device].Key : null;
    }

    /// <summary>Why no device may take the call, or null when one may.</summary>
    public Refusal? Refuse(PlacementNeeds needs) => PlacementRefusal.Of(needs.Call(report.Sequence), _view);

    private static FactoryView View(SiloReport report, PlacementLedger ledger)
    {
        var view = ledger.NewView();
        foreach (var device in report.Devices)
        {
            view.Add(new DeviceState
            {
                Key = new DeviceKey(report.Name, device.Device).ToString(),
                Model = device.Model,
                Profile = device.Profile,
                Load = device.Load(),
                Draining = report.Draining || device.Draining,
                Closed = device.IsClosed,
                Reachable = true,
            });
        }

        ledger.Complete(view);
        return view;
    }
}
