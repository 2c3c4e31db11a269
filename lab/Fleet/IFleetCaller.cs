namespace Crescent.Lab.Fleet;

/// <summary>Waits for a call's answer, because it goes on with it.</summary>
internal interface IFleetCaller
{
    /// <summary>The call has been answered, or refused.</summary>
    void Ended(FleetCall call);
}
