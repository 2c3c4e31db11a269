namespace Crescent.Engine.Scheduling;

/// <summary>What an <see cref="IndexedHeap{T}"/> holds; in one heap at a time.</summary>
internal interface IHeapItem<in T>
{
    /// <summary>Its place in the heap, kept by it; meaningless outside.</summary>
    int HeapIndex { get; set; }

    /// <summary>Whether it goes before <paramref name="other"/>.</summary>
    bool IsBefore(T other);
}
