namespace Nyala.Storage.Sqlite;

/// <summary>
/// Hands out stream numbers from blocks that are reserved durably before use, so that a crash wastes numbers but never
/// repeats one (R3). Safe from any thread.
/// </summary>
/// <param name="first">The first number to hand out; everything up to <paramref name="limit"/> is reserved.</param>
/// <param name="reserve">Makes a new limit durable; completes when it is.</param>
sealed class StreamNumbers(long first, long limit, Func<long, ValueTask> reserve)
{
    /// <summary>Numbers reserved at a time.</summary>
    public const long Block = 1 << 20;

    long _last = first - 1;
    long _limit = limit;
    int _reserving;

    public long Next()
    {
        var number = Interlocked.Increment(ref _last);
        var reserved = Volatile.Read(ref _limit);
        if (number > reserved - (Block / 2) && Interlocked.Exchange(ref _reserving, 1) == 0)
        {
            _ = ReserveAsync(reserved + Block);
        }

        return number <= reserved
            ? number
            : throw new StoreException("No stream numbers are left because none could be reserved on the disk for a long time.", LogFailure.Error);
    }

    async Task ReserveAsync(long newLimit)
    {
        try
        {
            await reserve(newLimit);
            Volatile.Write(ref _limit, newLimit);
        }
        catch (StoreException)
        {
            // The next number asks again.
        }
        finally
        {
            Volatile.Write(ref _reserving, 0);
        }
    }
}
