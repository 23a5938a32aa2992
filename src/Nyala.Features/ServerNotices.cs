using System.Globalization;
using System.Text;
using Nyala.Core;
using Nyala.Core.Diagnostics;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>
/// What the server tells its people in its own name (XEP-0133 §4.23–4.28): announcements to those who are online, the message of
/// the day once to everybody for each text, a welcome to who is new. Safe from any thread.
/// </summary>
public sealed class ServerNotices(NyalaServer server) : IFeature
{
    const string Motd = "motd";
    const string Welcome = "welcome";

    /// <summary>The number of the message of the day that the account has seen, or is being shown; a slot, and a document of this kind.</summary>
    static readonly SlotKey<ServerNotice> Shown = new("message of the day");

    readonly Jid _domain = Jid.FromPrepared(null, server.Options.Domain);
    readonly Lock _gate = new();
    Task? _loading;
    volatile ServerNotice? _motd;

    public void Register(FeatureBuilder on)
    {
        on.AccountLoading(async _ => await LoadedAsync());
        on.PresenceSent(session =>
        {
            if (_motd is { } motd && TakesMail(session) && TryClaim(session.Account, motd))
            {
                _ = ShowAsync(session, motd);
            }
        });
    }

    /// <summary>Tells everybody who is online now.</summary>
    /// <returns>How many sessions.</returns>
    public int Announce(string text, string subject = "Announcement")
    {
        var count = 0;
        foreach (var session in server.Sessions.All)
        {
            if (session.IsAvailable && session.Send(Message(text, subject).Set("to", session.Jid.ToString())))
            {
                count++;
            }
        }

        return count;
    }

    /// <summary>The message of the day, or null.</summary>
    public async ValueTask<string?> FindMotdAsync()
    {
        await LoadedAsync();
        return _motd?.Text;
    }

    /// <summary>Sets it: everybody gets it once, those who are online at once unless <paramref name="later"/> (§4.25).</summary>
    public async Task SetMotdAsync(string text, bool later)
    {
        await LoadedAsync();
        var motd = await server.Store.Notices.SetAsync(Motd, text);
        _motd = motd;
        if (later)
        {
            return;
        }

        foreach (var session in server.Sessions.All)
        {
            if (TakesMail(session) && TryClaim(session.Account, motd))
            {
                await ShowAsync(session, motd);
            }
        }
    }

    public async Task<bool> RemoveMotdAsync()
    {
        _motd = null;
        return await server.Store.Notices.RemoveAsync(Motd);
    }

    public async ValueTask<string?> FindWelcomeAsync() => (await server.Store.Notices.FindAsync(Welcome))?.Text;

    public Task SetWelcomeAsync(string text) => server.Store.Notices.SetAsync(Welcome, text).AsTask();

    public Task<bool> RemoveWelcomeAsync() => server.Store.Notices.RemoveAsync(Welcome).AsTask();

    /// <summary>Greets who has just made an account: the message waits for its first session.</summary>
    public async Task GreetAsync(Account account)
    {
        try
        {
            if (await FindWelcomeAsync() is { } text)
            {
                await server.Router.RouteAsync(Stanza.Of(Message(text, "Welcome")), _domain, Jid.FromPrepared(account.Username, server.Options.Domain));
            }
        }
        catch (StoreException e)
        {
            // The account is made all the same.
            server.Log.BackgroundFailed("welcome message", e);
        }
    }

    Task LoadedAsync()
    {
        lock (_gate)
        {
            return _loading is { IsFaulted: false } ? _loading : _loading = LoadAsync();
        }
    }

    async Task LoadAsync() => _motd = await server.Store.Notices.FindAsync(Motd);

    static bool TakesMail(Session session) => session is { IsAvailable: true, Priority: >= 0 };

    /// <summary>One session of an account shows a text, whichever comes first.</summary>
    bool TryClaim(LocalAccount account, ServerNotice motd)
    {
        lock (_gate)
        {
            if (account.Get(Shown)?.Number == motd.Number)
            {
                return false;
            }

            account.Set(Shown, motd);
            return true;
        }
    }

    /// <summary>Written down before it is shown: who is cut off this moment misses it, and nobody sees it twice.</summary>
    async Task ShowAsync(Session session, ServerNotice motd)
    {
        try
        {
            var account = session.Account;
            var number = Encoding.UTF8.GetBytes(motd.Number.ToString(CultureInfo.InvariantCulture));
            if (await server.Store.Documents.GetAsync(account.Id, Motd, "") is { } seen && seen.AsSpan().SequenceEqual(number))
            {
                return;
            }

            await server.Store.Documents.SetAsync(account.Id, Motd, "", number);
            session.Send(Message(motd.Text, "Message of the day").Set("to", session.Jid.ToString()));
        }
        catch (Exception e)
        {
            // Nobody waits for it; the next session shows it.
            session.Account.Set(Shown, null);
            server.Log.BackgroundFailed("message of the day", e);
        }
    }

    Element Message(string text, string subject) => new Element("message", Ns.Client)
        .Set("from", server.Options.Domain).Set("id", Guid.NewGuid().ToString("N")).Add("subject", subject).Add("body", text);
}
