using Nyala.Xmpp.Payloads;

namespace Nyala.Storage;

/// <param name="Jid">A prepared bare address or, for outcasts, a domain.</param>
/// <param name="Affiliation">Never <see cref="Affiliation.None"/> in storage; in a change it removes the entry.</param>
/// <param name="Nick">The nickname reserved for the address, or null.</param>
/// <param name="Reason">What was said when the affiliation was given, or null.</param>
public sealed record RoomMember(string Jid, Affiliation Affiliation, string? Nick = null, string? Reason = null);

/// <summary>What is set by the configuration of a room.</summary>
/// <param name="Persistent">False: the room goes with its last occupant, and with the process.</param>
/// <param name="Listed">The room shows in lists and searches.</param>
/// <param name="Open">Anybody may enter.</param>
/// <param name="Title">For people; empty: none.</param>
/// <param name="Description">For people; empty: none.</param>
/// <param name="Language">A language tag, or empty.</param>
/// <param name="Config">Everything, as its owner writes it.</param>
public sealed record RoomSettings(bool Persistent, bool Listed, bool Open, string Title, string Description, string Language, byte[] Config);

/// <summary>A room as it is stored.</summary>
/// <param name="Id">Never reused, not even after a restore; its archive is that of the owner <c>-Id</c>.</param>
/// <param name="Name">The prepared localpart.</param>
/// <param name="Secret">Random bytes of the room (for occupant ids).</param>
/// <param name="Subject">The last change of subject as it was sent, canonical bytes, or null.</param>
/// <param name="SubjectAt">Its time in milliseconds since 1970; 0: none.</param>
/// <param name="Card">The vCard, canonical bytes, or null.</param>
/// <param name="Hats">Hats and who wears them, as their owner writes them, or null.</param>
public sealed record StoredRoom(
    long Id, string Name, RoomSettings Settings, byte[] Secret, byte[]? Subject, long SubjectAt, byte[]? Card, byte[]? Hats,
    IReadOnlyList<RoomMember> Members);

/// <summary>What an address is to a room.</summary>
/// <param name="Name">The room's prepared localpart.</param>
/// <param name="Title">For people; empty: none.</param>
/// <param name="Nick">The nickname reserved for the address, or null.</param>
public sealed record RoomMembership(string Name, string Title, Affiliation Affiliation, string? Nick);

/// <summary>A room in a list.</summary>
public sealed record RoomListing(string Name, string Title, string Description, string Language, bool IsOpen);

public interface IRooms
{
    /// <summary>The room of that (prepared) name with everything about it, or null.</summary>
    ValueTask<StoredRoom?> FindAsync(string name);

    /// <summary>Creates a room with its first owner; null when the name is taken.</summary>
    ValueTask<StoredRoom?> CreateAsync(string name, RoomSettings settings, byte[] secret, string owner, DateTimeOffset now);

    /// <summary>Changes settings (null: they stay) and members, all or nothing.</summary>
    ValueTask ChangeAsync(long room, RoomSettings? settings, IReadOnlyCollection<RoomMember> members);

    ValueTask SetSubjectAsync(long room, byte[] subject, DateTimeOffset at);

    /// <summary>Sets or with null removes the vCard.</summary>
    ValueTask SetCardAsync(long room, byte[]? card);

    ValueTask SetHatsAsync(long room, byte[] hats);

    /// <summary>Removes a room and its archive; false when there is none.</summary>
    ValueTask<bool> RemoveAsync(long room);

    /// <summary>Removes all rooms that are not persistent: nobody is in them after a start.</summary>
    ValueTask<int> RemoveTemporaryAsync();

    /// <summary>Listed rooms in order of name, behind <paramref name="after"/> or, counting backwards, before <paramref name="before"/>; in order either way.</summary>
    ValueTask<IReadOnlyList<RoomListing>> ListAsync(string? after, string? before, int max);

    ValueTask<int> CountListedAsync();

    /// <summary>How many listed rooms come before a name.</summary>
    ValueTask<int> CountListedBeforeAsync(string name);

    /// <summary>How many rooms an address owns.</summary>
    ValueTask<int> CountOwnedAsync(string jid);

    /// <summary>The rooms that an address is something to, by name.</summary>
    ValueTask<IReadOnlyList<RoomMembership>> OfAsync(string jid);

    /// <summary>Takes all addresses of a domain out of all rooms.</summary>
    ValueTask<int> ForgetDomainAsync(string domain);

    /// <summary>Takes an address out of all rooms; the names of those it was something to.</summary>
    ValueTask<IReadOnlyList<string>> ForgetAsync(string jid);
}
