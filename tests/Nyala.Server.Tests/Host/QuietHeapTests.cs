using Nyala.Host;
using Xunit;

namespace Nyala.Server.Tests.Host;

/// <summary>When the heap is compacted: once after a storm, and not during one.</summary>
public sealed class QuietHeapTests
{
    const long Megabyte = 1024 * 1024;

    long _allocated;
    int _compacted;

    [Fact]
    public void It_is_compacted_once_when_a_storm_is_over()
    {
        var heap = new QuietHeap(() => _allocated, () => _compacted++);
        for (var i = 0; i < 5; i++)
        {
            Allocate(heap, 50 * Megabyte);
        }

        Assert.Equal(0, _compacted);
        for (var i = 0; i < 5; i++)
        {
            Allocate(heap, 1_000);
        }

        Assert.Equal(1, _compacted);
        Allocate(heap, 50 * Megabyte);
        Allocate(heap, 1_000);
        Assert.Equal(2, _compacted);
    }

    [Fact]
    public void Little_is_left_alone()
    {
        var heap = new QuietHeap(() => _allocated, () => _compacted++);
        Allocate(heap, 2 * Megabyte);
        Allocate(heap, 1_000);

        Assert.Equal(0, _compacted);
    }

    void Allocate(QuietHeap heap, long bytes)
    {
        _allocated += bytes;
        heap.Look();
    }
}
