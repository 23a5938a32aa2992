using System.Globalization;
using System.Text;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Core.Sessions;
using Nyala.Features.Sharing;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Last Activity: how long the server runs, and to those who see its presence since when an account is away.</summary>
[Xep(12, "2.0")]
public sealed class LastActivity(NyalaServer server, PresenceAccess access) : IFeature
{
    const string Kind = "last";

    readonly long _started = server.Time.GetTimestamp();

    public void Register(FeatureBuilder on)
    {
        on.Advertise(Ns.LastActivity);
        on.IqGet(Ns.LastActivity, "query", _ => (IqReply)Seconds(server.Time.GetElapsedTime(_started)), Entity.Domain);
        on.IqGet(Ns.LastActivity, "query", OfAccountAsync, Entity.OwnAccount | Entity.OtherAccount);
        on.SessionEnding(EndingAsync);
    }

    async ValueTask<IqReply> OfAccountAsync(IqRequest request)
    {
        var account = request.Account!;
        if (!await access.MaySeeAsync(account, request.From))
        {
            // §4 wants forbidden, which would tell that the account exists.
            return StanzaError.ServiceUnavailable;
        }

        if (!account.Sessions.IsEmpty)
        {
            // §3: connected is enough.
            return Seconds(TimeSpan.Zero);
        }

        return await server.Store.Documents.GetAsync(account.Id, Kind, "") is { } stored
            && long.TryParse(Encoding.UTF8.GetString(stored), NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? Seconds(server.Time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(at))
            : StanzaError.ServiceUnavailable;
    }

    async ValueTask EndingAsync(Session session)
    {
        // Most clients send unavailable presence before they go, so that says nothing here.
        if (session.Account.Sessions.IsEmpty && !session.Account.IsRemoved)
        {
            var now = server.Time.GetUtcNow().ToUnixTimeSeconds();
            await server.Store.Documents.SetAsync(session.Account.Id, Kind, "", Encoding.UTF8.GetBytes(now.ToString(CultureInfo.InvariantCulture)));
        }
    }

    static Element Seconds(TimeSpan time) =>
        new Element("query", Ns.LastActivity).Set("seconds", ((long)Math.Max(0, time.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
}
