using Crescent.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongCollectionsFirst))]

namespace Crescent.Tests;

/// <summary>Has the collections that take longest begin first: one that began last would run alone in the end. The others are mixed, in each run alike, so that those that wait run beside those that compute.</summary>
public sealed class LongCollectionsFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        "EmulatedCuda", ".StoreTests ", ".CpuQuantizedGoldenTests ", ".LocalClusterProcessTests ", ".SickDeviceTests ", ".CpuEngineTests ", ".StateEngineTests ", ".PowerClusterTests ", ".KeptBitsTests ",
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(static collection => Place(collection.TestCollectionDisplayName)).ThenBy(static collection => collection.UniqueID, StringComparer.Ordinal)];

    private static int Place(string name)
    {
        var place = Array.FindIndex(Long, part => name.Contains(part, StringComparison.Ordinal));
        return place < 0 ? Long.Length : place;
    }
}
