using Nyala.Core;
using Nyala.Storage;

namespace Nyala.Features.Files;

/// <summary>How much may be uploaded, for what.</summary>
sealed class FileQuota(NyalaServer server)
{
    readonly UploadOptions _options = server.Options.Uploads;

    /// <summary>The largest file, in bytes.</summary>
    public long LargestFile(FilePurpose purpose) =>
        purpose == FilePurpose.Profile ? Math.Min(_options.ProfileQuota, _options.MaxBytes) : _options.MaxBytes;

    /// <summary>What an account may keep.</summary>
    public long OfAccount(FilePurpose purpose) => purpose == FilePurpose.Profile ? _options.ProfileQuota : _options.Quota;

    /// <summary>When a file that comes now is gone; null: never.</summary>
    /// <param name="keepUntil">When its sender wants it gone, or null.</param>
    public DateTimeOffset? ExpiryOf(FilePurpose purpose, DateTimeOffset now, DateTimeOffset? keepUntil)
    {
        DateTimeOffset? ours = purpose == FilePurpose.Profile || _options.Expiry is not { } time ? null : now + time;
        return keepUntil is null || ours < keepUntil ? ours : keepUntil;
    }

    /// <summary>How many bytes are too much for the account, beside what is <paramref name="coming"/> to it at the moment; 0 or less: none.</summary>
    public async ValueTask<long> ExcessAsync(long account, FilePurpose purpose, long size, long coming)
    {
        // What a profile gains makes what it had go.
        return purpose == FilePurpose.Profile
            ? 0
            : await server.Store.Files.UsedAsync(account, purpose, server.Time.GetUtcNow()) + coming + IFiles.Charge(size) - OfAccount(purpose);
    }

    /// <summary>Whether the place where files are kept has room for it, with what has to stay free for messages.</summary>
    public bool HasRoom(long size) => server.Store.FileContents.FreeBytes is not { } free || free - size >= _options.KeepFree;
}
