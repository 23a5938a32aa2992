using Nyala.Core;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Host.Http;

/// <summary>Who invites, as the one who holds the invite may know: they are about to be contacts.</summary>
/// <param name="Name">What the inviter calls itself, else the username.</param>
/// <param name="IsThere">A device of theirs is online.</param>
sealed record Inviter(string Username, string Name, bool IsThere);

/// <summary>The group a link leads into.</summary>
sealed record InvitedRoom(Jid Address, string Title, int Members);

/// <summary>An invite that can be used now, with who and what is behind it.</summary>
sealed record Invitation(Invite Invite, Inviter? Inviter, InvitedRoom? Room);

/// <summary>Looks invites up. Looking never uses one up.</summary>
sealed class Invitations(NyalaServer server)
{
    /// <summary>Pictures that browsers show and that hold no scripts.</summary>
    static readonly string[] PictureTypes = ["image/png", "image/jpeg", "image/gif", "image/webp"];

    /// <summary>Null: it is unknown, used up or too old, or what it was for is gone.</summary>
    public async Task<Invitation?> FindAsync(string token)
    {
        if (await server.Store.Invites.FindAsync(token, server.Time.GetUtcNow()) is not { } invite
            || (invite.CreatesAccount && server.Options.Registration == RegistrationMode.Closed))
        {
            return null;
        }

        InvitedRoom? room = null;
        if (invite.Room is { } name)
        {
            if (await server.Store.Rooms.FindAsync(name) is not { } stored)
            {
                return null;
            }

            var host = server.Options.Rooms.Host ?? "rooms." + server.Options.Domain;
            room = new(Jid.FromPrepared(name, host), stored.Settings.Title.Length > 0 ? stored.Settings.Title : name,
                stored.Members.Count(member => member.Affiliation >= Affiliation.Member));
        }

        return new(invite, invite.Inviter is { } id ? await InviterAsync(id) : null, room);
    }

    /// <summary>The inviter's picture, or null.</summary>
    public async Task<Avatar?> FaceAsync(Invite invite) =>
        invite.Inviter is { } id
        && await ReadAsync(id, Ns.AvatarMetadata) is { } metadata && Avatar.ReadMetadata(metadata.Payload) is var (hash, type) && PictureTypes.Contains(type)
        && await ReadAsync(id, Ns.AvatarData) is { } data && data.Id == hash && Avatar.TryReadData(data.Payload, hash, type, out var avatar)
            ? avatar
            : null;

    async Task<Inviter?> InviterAsync(long id)
    {
        if (await server.Store.Accounts.FindAsync(id) is not { } account)
        {
            return null;
        }

        var nick = await ReadAsync(id, Ns.Nick) is { } item && item.Payload.Is("nick", Ns.Nick) ? item.Payload.Text.Trim() : "";
        return new(account.Username, nick.Length is > 0 and <= 100 ? nick : account.Username, IsThere(account.Username));
    }

    bool IsThere(string username)
    {
        if (server.Accounts.TryGet(username, out var account))
        {
            foreach (var session in account.Sessions)
            {
                if (session.IsAvailable)
                {
                    return true;
                }
            }
        }

        return false;
    }

    async Task<(string Id, Xmpp.Xml.Element Payload)?> ReadAsync(long account, string node) =>
        await server.Store.PubSub.NewestAsync(account, node) is var (_, item) && item.Payload.Length > 0 ? (item.Id, Stanza.Parse(item.Payload).ToElement()) : null;
}
