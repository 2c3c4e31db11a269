namespace Crescent.Control.Placement;

/// <summary>Each device in turn, whatever its state, as long as its gate is open.</summary>
public sealed class RoundRobinPolicy : IPlacementPolicy
{
    /// <summary>The policy's name.</summary>
    public const string PolicyName = "round-robin";

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames { get; } = ["turns until it is next"];

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view)
    {
        if (!view.TryFindGate(call, out var wanted))
        {
            return PlacementDecision.None;
        }

        var eligible = 0;
        for (var i = 0; i < view.Devices.Length; i++)
        {
            eligible += view.Gate(call, i) == wanted ? 1 : 0;
        }

        var turn = (int)((ulong)call.Number % (uint)eligible);
        for (var i = 0; ; i++)
        {
            if (view.Gate(call, i) == wanted && turn-- == 0)
            {
                return new PlacementDecision(i, default);
            }
        }
    }

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device)
    {
        var count = view.Devices.Length;
        return new PlacementTerms((device - (int)((ulong)call.Number % (uint)count) + count) % count);
    }
}
