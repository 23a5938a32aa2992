using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.PubSub;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>
/// Inbox: the list of chats with the last message and the unread ones of each, in one query. What is read is known from the
/// devices' own marks (XEP-0490) and from the markers they have sent (XEP-0333).
/// </summary>
[Xep(430, "0.2.0", Note = "chats of the account's archive; unread messages are counted up to 50 a chat, and their sums told where the page holds all chats")]
public sealed class Inbox(NyalaServer server, NodeDirectory nodes) : IFeature
{
    const int MostChats = 1_000;
    const int MostInPage = 50;

    /// <summary>How far back a chat is read; one more row tells that there is more.</summary>
    const int MostUnread = 50;

    readonly ArchiveAnswers _answers = new(server.Store.Archive);

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.Inbox, Entity.OwnAccount);
        on.IqGet(Ns.Inbox, "inbox", QueryAsync);
        on.IqGet(Ns.Inbox, "inbox", _ => (IqReply)StanzaError.ServiceUnavailable, Entity.OtherAccount);
    }

    async ValueTask<IqReply> QueryAsync(IqRequest request)
    {
        if (request.Session is not { } session)
        {
            return StanzaError.FeatureNotImplemented;
        }

        var query = request.Payload;
        ResultSetRequest? page = null;
        if (query.Child("set", Ns.Rsm) is { } set && !ResultSetRequest.TryParse(set, out page))
        {
            return StanzaError.BadRequest;
        }

        if (session.Outbox.IsCrowded)
        {
            return StanzaError.ResourceConstraint with { Text = "Acknowledge what you were sent before asking for more." };
        }

        var all = await server.Store.Archive.ConversationsAsync(session.Account.Id, MostChats, CancellationToken.None);
        if (Slice(all, page) is not var (from, to))
        {
            return StanzaError.ItemNotFound;
        }

        var unreadOnly = query["unread-only"] is "1" or "true";
        var withMessages = query["messages"] is not ("0" or "false");
        var chats = all.Skip(from).Take(to - from).ToList();
        var displayed = await DisplayedAsync(session.Account, chats);
        var (unreadChats, unreadMessages) = (0, 0);
        foreach (var chat in chats)
        {
            var (last, unread) = await ReadAsync(session.Account, chat, displayed.GetValueOrDefault(chat.With));
            unreadChats += unread > 0 ? 1 : 0;
            unreadMessages += unread;
            if (unread > 0 || !unreadOnly)
            {
                await session.Outbox.RoomAsync();
                session.Outbox.Send(new Outbound(Entry(session, chat, unread, withMessages ? last : null, request.Stanza.Id), StanzaKind.Message) { IsUrgent = true, IsAnswer = true });
            }
        }

        var isWhole = chats.Count == all.Count;
        return new Element("fin", Ns.Inbox)
            .Set("total", Number(all.Count))
            .Set("unread", isWhole ? Number(unreadChats) : null)
            .Set("all-unread", isWhole ? Number(unreadMessages) : null)
            .Add((chats.Count == 0 ? new ResultSet(Count: all.Count) : new ResultSet(chats[0].With, chats[^1].With, all.Count, from)).ToElement());
    }

    /// <summary>The part of the list a page is, by the addresses of chats; null when the one it begins at is not in the list.</summary>
    static (int From, int To)? Slice(IReadOnlyList<Conversation> all, ResultSetRequest? page)
    {
        var max = Math.Min(page?.Max ?? MostInPage, MostInPage);
        int? after = page?.After is { } first ? IndexOf(all, first) : page?.Index is { } index ? index - 1 : -1;
        int? before = page?.Before is { Length: > 0 } last ? IndexOf(all, last) : all.Count;
        if (after is null || before is null)
        {
            return null;
        }

        var (from, to) = (Math.Min(after.Value + 1, before.Value), before.Value);
        return page?.Before is null ? (from, Math.Min(to, from + max)) : (Math.Max(from, to - max), to);
    }

    static int? IndexOf(IReadOnlyList<Conversation> all, string with)
    {
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].With == with)
            {
                return i;
            }
        }

        return null;
    }

    /// <summary>Up to which position each of these chats is displayed by the devices' own marks.</summary>
    async ValueTask<Dictionary<string, long>> DisplayedAsync(LocalAccount account, List<Conversation> chats)
    {
        var positions = new Dictionary<string, long>(StringComparer.Ordinal);
        if (chats.Count > 0 && await nodes.FindAsync(PubSubHost.Of(account), Ns.Displayed) is { } node
            && await nodes.Store.ReadAsync(node.Id, new(chats.Count, [.. chats.Select(chat => chat.With)])) is { } page)
        {
            foreach (var item in page.Items.Where(item => item.Payload.Length > 0))
            {
                var mark = Stanza.Parse(item.Payload).ToElement().Child("stanza-id", Ns.StanzaIds);
                if (mark?["id"] is { } id && server.Store.Archive.Ids.TryDecode(account.Id, id, out var position))
                {
                    positions[item.Id] = position;
                }
            }
        }

        return positions;
    }

    /// <summary>The last message of a chat, and how many are behind the last that is read.</summary>
    async ValueTask<(ArchiveRow Last, int Unread)> ReadAsync(LocalAccount account, Conversation chat, long displayed)
    {
        var page = await server.Store.Archive.ReadAsync(new(account.Id) { With = chat.With, FromEnd = true, Max = MostUnread }, CancellationToken.None);
        var read = new HashSet<string>(StringComparer.Ordinal);
        ArchiveRow? last = null;
        var unread = 0;
        var isRead = false;
        foreach (var row in page.Rows.Reverse())
        {
            var message = Stanza.Parse(row.Stanza);
            var isMessage = IsMessage(message);
            last ??= isMessage ? row : null;
            isRead |= row.Position <= displayed || (message.Id is { } id && read.Contains(id));
            if (row.Outgoing && (message.Child("displayed", Ns.ChatMarkers) ?? message.Child("acknowledged", Ns.ChatMarkers))?["id"] is { } marked)
            {
                read.Add(marked);
            }

            unread += !isRead && !row.Outgoing && isMessage ? 1 : 0;
            if (isRead && last is not null)
            {
                break;
            }
        }

        return (last ?? (page.Rows.Count > 0 ? page.Rows[^1] : default), unread);
    }

    /// <summary>Something to read, as opposed to receipts, markers and the like.</summary>
    static bool IsMessage(Stanza message) => message.Type != StanzaType.Error
        && (message.Has("body", Ns.Client) || message.Has("encrypted", Ns.Omemo) || message.Has("encrypted", Ns.Omemo2) || message.Has("openpgp", Ns.OpenPgp));

    byte[] Entry(Session session, Conversation chat, int unread, ArchiveRow? last, string? queryId)
    {
        var entry = new Element("entry", Ns.Inbox).Set("jid", chat.With).Set("unread", Number(unread))
            .Set("id", server.Store.Archive.Ids.Encode(session.Account.Id, chat.Last));
        return last is { Stanza.Length: > 0 } row
            ? _answers.Result(session.Account.Id, session.Account.Jid, session.Jid, row, row.Stanza.Span, queryId, entry)
            : new Element("message", Ns.Client).Set("from", session.Account.Jid.ToString()).Set("to", session.Jid.ToString()).Add(entry).ToUtf8();
    }

    static string Number(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
