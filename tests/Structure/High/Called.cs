using Crescent.Tests.Structure.Low;

namespace Crescent.Tests.Structure.High;

/// <summary>The other half of a circle, see <see cref="Caller"/>.</summary>
internal sealed class Called
{
    public int Answer { get; } = 1;

    public Type Back { get; } = typeof(Caller);
}
