using Nyala.Core;
using Nyala.Core.Routing;

namespace Nyala.Features.People;

/// <summary>How often an account searches within an hour (<see cref="Limits.SearchesPerHour"/>). Safe from any thread.</summary>
sealed class SearchLimit(Limits limits, TimeProvider time)
{
    static readonly TimeSpan Span = TimeSpan.FromHours(1);
    static readonly SlotKey<Window> Key = new("searches");

    readonly Lock _lock = new();

    /// <summary>Counts a search; false when there were too many.</summary>
    public bool TryTake(LocalAccount account)
    {
        if (!limits.RateLimits)
        {
            return true;
        }

        lock (_lock)
        {
            var window = account.Get(Key);
            if (window is null || time.GetElapsedTime(window.Since) >= Span)
            {
                window = new(time.GetTimestamp(), 0);
            }

            if (window.Count >= limits.SearchesPerHour)
            {
                return false;
            }

            account.Set(Key, window with { Count = window.Count + 1 });
            return true;
        }
    }

    sealed record Window(long Since, int Count);
}
