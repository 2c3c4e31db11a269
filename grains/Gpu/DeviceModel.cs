using Crescent.Grains.Configuration;
using Crescent.Grains.Models;

namespace Crescent.Grains.Gpu;

/// <summary>Which model a device serves, and which it is to serve next. Used under the lock of its slot.</summary>
internal sealed class DeviceModel(DevicePlan plan)
{
    private ServedModel? _serves = plan.Model;
    private ServedModel? _desired = plan.Model;
    private double _dueAt;

    /// <summary>What the device is to be opened with.</summary>
    public ServedModel? Next => _desired;

    /// <summary>The model that it is to serve instead of the one that it has; null where there is none.</summary>
    public ServedModel? Wanted => ReferenceEquals(_desired, _serves) ? null : _desired;

    /// <summary>Why the model that was last wanted could not be opened; null where it could.</summary>
    public string? Fault { get; private set; }

    /// <summary>Wants <paramref name="model"/>; the one that it serves takes an earlier wish back.</summary>
    /// <param name="model">The model.</param>
    /// <param name="dueAt">When the device is closed at the latest, whatever it still has.</param>
    public void Want(ServedModel model, double dueAt) => (_desired, _dueAt, Fault) = (model, dueAt, null);

    /// <summary>Whether the device is to be closed now, to be opened with another.</summary>
    public bool IsDue(int live, double now) => Wanted is not null && (live == 0 || now >= _dueAt);

    /// <summary>The device serves what it was opened with.</summary>
    public void Opened(ServedModel? model) => _serves = model;

    /// <summary>The device could not be opened with <paramref name="model"/>.</summary>
    /// <returns>Whether it is to be opened with another: the one that it had, or what is wanted by now.</returns>
    public bool GiveUp(ServedModel? model, string reason)
    {
        if (ReferenceEquals(model, _serves))
        {
            return false;
        }

        Fault = $"'{model?.Id}' could not be opened: {reason}";
        _desired = ReferenceEquals(_desired, model) ? _serves : _desired;
        return true;
    }
}
