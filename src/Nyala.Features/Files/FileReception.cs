using Nyala.Core;
using Nyala.Storage;

namespace Nyala.Features.Files;

/// <summary>What became of an upload.</summary>
public enum Reception
{
    /// <summary>It is durable, and there for everybody.</summary>
    Stored,

    /// <summary>The slot's time is over.</summary>
    Expired,

    /// <summary>The slot was used, or is being used.</summary>
    Used,

    /// <summary>There are fewer bytes than were said, or more.</summary>
    WrongSize,

    /// <summary>The account has no room for it.</summary>
    QuotaReached,

    /// <summary>The server has no room for files.</summary>
    NoRoom,

    /// <summary>The account uploads too many files at the same time.</summary>
    TooMany,

    /// <summary>The account is gone.</summary>
    NoAccount,
}

/// <summary>Takes uploads in. Safe from any thread.</summary>
public sealed class FileReception(NyalaServer server)
{
    readonly FileQuota _quota = new(server);
    readonly Lazy<Task<Slots>> _slots = new(() => Slots.LoadAsync(server.Store.Secrets).AsTask());
    readonly Lock _lock = new();
    readonly HashSet<string> _coming = new(StringComparer.Ordinal);
    readonly Dictionary<long, (int Files, long Bytes)> _comingTo = [];

    /// <summary>The slot that a token stands for at an address, or null when it stands for none.</summary>
    public async ValueTask<Slot?> FindSlotAsync(string token, string key, string name) =>
        (await _slots.Value).TryRead(token, key, name, out var slot) ? slot : null;

    /// <summary>Takes the bytes in; asks for none of them when they are refused anyway. When it returns <see cref="Reception.Stored"/>, the file survives a kill and a power cut.</summary>
    /// <param name="slot">What may be uploaded.</param>
    /// <param name="type">What is said of it now, for a slot that says nothing.</param>
    /// <exception cref="StoreException">It cannot be stored.</exception>
    public async Task<Reception> ReceiveAsync(Slot slot, string? type, FileReader read, CancellationToken cancellation)
    {
        if (server.Time.GetUtcNow() >= slot.UseBefore)
        {
            return Reception.Expired;
        }

        if (Begin(slot) is { } problem)
        {
            return problem;
        }

        try
        {
            if (await RefusalAsync(slot) is { } refusal)
            {
                return refusal;
            }

            if (!await server.Store.FileContents.SaveAsync(slot.Key, slot.Size, read, cancellation))
            {
                return Reception.WrongSize;
            }

            return await AddAsync(slot, type);
        }
        finally
        {
            End(slot);
        }
    }

    /// <summary>Why a slot that is being used cannot be, or null.</summary>
    async ValueTask<Reception?> RefusalAsync(Slot slot)
    {
        // A file that has expired has used its slot too.
        if (await server.Store.Files.FindAsync(slot.Key, DateTimeOffset.UnixEpoch) is not null)
        {
            return Reception.Used;
        }

        var others = Coming(slot.Account) - IFiles.Charge(slot.Size);
        return await _quota.ExcessAsync(slot.Account, slot.Purpose, slot.Size, others) > 0 ? Reception.QuotaReached
            : !_quota.HasRoom(slot.Size) ? Reception.NoRoom
            : null;
    }

    async Task<Reception> AddAsync(Slot slot, string? type)
    {
        var now = server.Time.GetUtcNow();
        var file = new StoredFile(
            slot.Key, slot.Account, slot.Purpose, slot.Name, slot.Type ?? type ?? MediaTypes.Unknown, slot.Size, now,
            _quota.ExpiryOf(slot.Purpose, now, slot.KeepUntil));
        var result = await server.Store.Files.AddAsync(file, _quota.OfAccount(slot.Purpose));
        if (result == AddFileResult.Added)
        {
            server.Metrics.FilesReceived.Add(1);
            server.Metrics.FileBytesReceived.Add(slot.Size);
            return Reception.Stored;
        }

        if (result != AddFileResult.Conflict)
        {
            await server.Store.FileContents.RemoveAsync(slot.Key);
        }

        return result switch
        {
            AddFileResult.Conflict => Reception.Used,
            AddFileResult.Full => Reception.QuotaReached,
            _ => Reception.NoAccount,
        };
    }

    long Coming(long account)
    {
        lock (_lock)
        {
            return _comingTo.GetValueOrDefault(account).Bytes;
        }
    }

    Reception? Begin(Slot slot)
    {
        lock (_lock)
        {
            var (files, bytes) = _comingTo.GetValueOrDefault(slot.Account);
            if (files >= server.Options.Limits.UploadsPerAccount)
            {
                return Reception.TooMany;
            }

            if (!_coming.Add(slot.Key))
            {
                return Reception.Used;
            }

            _comingTo[slot.Account] = (files + 1, bytes + IFiles.Charge(slot.Size));
            return null;
        }
    }

    void End(Slot slot)
    {
        lock (_lock)
        {
            _coming.Remove(slot.Key);
            var (files, bytes) = _comingTo[slot.Account];
            if (files == 1)
            {
                _comingTo.Remove(slot.Account);
            }
            else
            {
                _comingTo[slot.Account] = (files - 1, bytes - IFiles.Charge(slot.Size));
            }
        }
    }
}
