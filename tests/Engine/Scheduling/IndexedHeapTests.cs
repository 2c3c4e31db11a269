using Crescent.Engine.Scheduling;
using CsCheck;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class IndexedHeapTests
{
    [Fact]
    public void The_first_is_the_least_whatever_is_put_in_taken_out_and_changed() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 30], Gen.Int[0, 50]).Array[0, 200].Sample(static actions =>
        {
            var heap = new IndexedHeap<Item>();
            var held = new List<Item>();
            foreach (var (action, which, value) in actions)
            {
                if (action == 0 || held.Count == 0)
                {
                    var item = new Item { Value = value };
                    held.Add(item);
                    heap.Add(item);
                }
                else if (action == 1)
                {
                    var item = held[which % held.Count];
                    held.Remove(item);
                    heap.Remove(item);
                }
                else
                {
                    var item = held[which % held.Count];
                    item.Value = value;
                    heap.Update(item);
                }

                Assert.Equal(held.Count, heap.Count);
                Assert.Equal(held.Count == 0 ? null : held.Min(static i => i.Value), heap.First?.Value);
                Assert.Equal(held.Select(static i => i.Value).Order(), heap.Items.ToArray().Select(static i => i.Value).Order());
            }

            for (var last = int.MinValue; heap.First is { } first; last = first.Value)
            {
                Assert.True(first.Value >= last);
                heap.Remove(first);
            }
        });

    private sealed class Item : IHeapItem<Item>
    {
        public int Value { get; set; }

        public int HeapIndex { get; set; }

        public bool IsBefore(Item other) => Value < other.Value;
    }
}
