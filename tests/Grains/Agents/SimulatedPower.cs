using Crescent.Grains.Gpu;

namespace Crescent.Tests.Grains.Agents;

/// <summary>The governor's word is what the test says, in all silos: a real governor would outbid whoever speaks in its name.</summary>
internal sealed class SimulatedPower : IPowerWord
{
    private double _price;

    public double AgeSeconds => 0;

    public bool DeferBatch => false;

    public bool Drains(string key) => false;

    public double Price(string node, string rack) => Volatile.Read(ref _price);

    public void Set(double price) => Volatile.Write(ref _price, price);
}
