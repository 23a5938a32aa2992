namespace Nyala.Storage;

/// <summary>How one device is woken.</summary>
/// <param name="Id">Never reused; 0 in a registration that is not stored yet.</param>
/// <param name="Device">The device that has enabled it.</param>
/// <param name="Jid">The prepared address of the push service.</param>
/// <param name="Node">The device's node there; empty: none was named.</param>
/// <param name="Form">The form that came with it, canonical bytes, or null.</param>
/// <param name="Since">The newest position when it was enabled: what is older was never of its business.</param>
public sealed record PushRegistration(long Id, long Account, string Device, string Jid, string Node, byte[]? Form, long Since, DateTimeOffset EnabledAt)
{
    /// <summary>Marks of registrations belong to owners below this number and above those of queues to other servers.</summary>
    public const long FirstOwner = -(1L << 58);

    /// <summary>The owner of its mark (<see cref="IMailboxes"/>): up to there all that concerns the device is with it, or it was told.</summary>
    public long Owner => FirstOwner - Id;
}

public interface IPushRegistrations
{
    /// <summary>Whether there are any at all.</summary>
    ValueTask<bool> AnyAsync();

    /// <summary>All of an account, the oldest first.</summary>
    ValueTask<IReadOnlyList<PushRegistration>> LoadAsync(long account);

    /// <summary>
    /// Adds one, in place of that of the same service and node; of more than <paramref name="max"/> those that were not renewed
    /// for the longest time go. One that the same device renews keeps its number. Returns all there are then.
    /// </summary>
    ValueTask<IReadOnlyList<PushRegistration>> EnableAsync(PushRegistration registration, int max);

    /// <summary>Removes those of a service, or of one node there; returns all that are left.</summary>
    ValueTask<IReadOnlyList<PushRegistration>> DisableAsync(long account, string jid, string? node);

    /// <summary>Removes one.</summary>
    ValueTask RemoveAsync(long id);

    /// <summary>
    /// Usernames behind <paramref name="after"/> whose devices may not have, nor know of, something that is no older than
    /// <paramref name="since"/>: in their own mail, or in a room they belong to.
    /// </summary>
    ValueTask<IReadOnlyList<string>> FindBehindAsync(string domain, string? after, DateTimeOffset since, int max);

    /// <summary>The names of rooms that an address belongs to and in which something was said behind a position.</summary>
    ValueTask<IReadOnlyList<string>> RoomsBehindAsync(string jid, long position, int max);
}
