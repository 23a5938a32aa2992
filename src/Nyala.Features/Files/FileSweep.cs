using Microsoft.Extensions.Logging;
using Nyala.Core.Diagnostics;
using Nyala.Storage;

namespace Nyala.Features.Files;

/// <summary>
/// Removes files that have expired or whose account is gone, and what a crash or a restored backup left: bytes that nobody knows
/// of, and files without bytes. Safe from any thread.
/// </summary>
sealed class FileSweep(IStore store, TimeProvider time, ILogger logger)
{
    const int Slice = 200;

    static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    /// <summary>What one side lacks is looked for this often.</summary>
    static readonly TimeSpan CompareEvery = TimeSpan.FromDays(1);

    /// <summary>
    /// Nothing younger is taken for lost: uploads are under way, and after a restore that was a mistake there is a day to undo it.
    /// </summary>
    static readonly TimeSpan LostAfter = TimeSpan.FromDays(1);

    readonly SemaphoreSlim _one = new(1);
    ITimer? _timer;
    DateTimeOffset _compareAt = DateTimeOffset.MinValue;
    volatile bool _stopped;

    /// <summary>Begins to do so from time to time. Not on the timer wheel, which sleeps while nobody is connected.</summary>
    public void Start() => _timer = time.CreateTimer(_ => _ = RunAsync(), null, TimeSpan.FromMinutes(1), Interval);

    /// <summary>Removes all there is to remove now. Never throws: it is tried again later.</summary>
    public async Task RunAsync()
    {
        await _one.WaitAsync();
        try
        {
            await RemoveGoneAsync();
            if (time.GetUtcNow() is var now && now >= _compareAt)
            {
                await CompareAsync();
                _compareAt = now + CompareEvery;
            }
        }
        catch (Exception e)
        {
            if (!_stopped)
            {
                logger.BackgroundFailed("removing files", e);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The store is about to be closed.</summary>
    public void Stop()
    {
        _stopped = true;
        _timer?.Dispose();
    }

    async Task RemoveGoneAsync()
    {
        while (!_stopped && await store.Files.ListGoneAsync(time.GetUtcNow(), Slice) is { Count: > 0 } keys)
        {
            // The bytes first: a row without them is found again, bytes without a row only after a day.
            foreach (var key in keys)
            {
                await store.FileContents.RemoveAsync(key);
            }

            await store.Files.RemoveAsync(keys);
            logger.FilesRemoved(keys.Count);
        }
    }

    async Task CompareAsync()
    {
        var (present, missing) = (0, 0);
        foreach (var prefix in FileKey.Prefixes)
        {
            var (_, lost, found) = await LookAsync(prefix);
            (present, missing) = (present + found, missing + lost.Count);
        }

        // Most of them gone at once is rather a disk that is not there: forgetting them would lose them when it is back.
        if (missing > present)
        {
            logger.FilesMissing(missing, present + missing);
            return;
        }

        var (unknownFiles, lostFiles) = (0, 0);
        foreach (var prefix in FileKey.Prefixes)
        {
            var (unknown, lost, _) = await LookAsync(prefix);
            foreach (var key in unknown)
            {
                await store.FileContents.RemoveAsync(key);
            }

            await (lost.Count > 0 ? store.Files.RemoveAsync(lost) : ValueTask.CompletedTask);
            (unknownFiles, lostFiles) = (unknownFiles + unknown.Count, lostFiles + lost.Count);
        }

        if (unknownFiles + lostFiles > 0)
        {
            logger.FilesLost(unknownFiles, lostFiles);
        }
    }

    /// <summary>Of keys that begin so and are not young: bytes nobody knows of, files without bytes, and how many have them.</summary>
    async Task<(List<string> Unknown, List<string> Lost, int Present)> LookAsync(string prefix)
    {
        if (_stopped)
        {
            return ([], [], 0);
        }

        var stored = await store.FileContents.ListAsync(prefix);
        var known = await store.Files.ListAsync(prefix);
        var before = time.GetUtcNow() - LostAfter;
        var old = known.Where(file => file.Value < before).Select(file => file.Key).ToLookup(stored.ContainsKey);
        return (
            [.. stored.Where(file => file.Value < before && !known.ContainsKey(file.Key)).Select(file => file.Key)],
            [.. old[false]],
            old[true].Count());
    }
}
