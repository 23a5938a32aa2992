using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.Outside;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Push;

/// <summary>
/// Tells browsers through the push services of their makers. As an XMPP service at <c>push.</c> and the domain it says which key web apps
/// subscribe with; a subscription is enabled like any other push service, with a form (docs/push.md). Safe from any thread.
/// </summary>
[Rfc(8030, Note = "the application server's side")]
sealed class WebPushService : IPushService, IStanzaHost, IDisposable
{
    /// <summary>Payloads are padded to this many bytes, so that their length says nothing.</summary>
    const int Padded = 256;

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long a push service keeps what it cannot deliver now.</summary>
    static readonly TimeSpan MessageLife = TimeSpan.FromDays(1);
    static readonly TimeSpan CallLife = TimeSpan.FromSeconds(60);

    readonly NyalaServer _server;
    readonly HttpClient _http;
    volatile Vapid? _vapid;

    public WebPushService(NyalaServer server)
    {
        _server = server;
        Jid = Jid.FromPrepared(null, "push." + server.Options.Domain);
        _http = new(OutsideHttp.Handler(server.Options.Push.AllowPrivate, server.Options.Push.Roots)) { Timeout = Patience, MaxResponseContentBufferSize = 4_096 };
    }

    /// <summary>Its address.</summary>
    public Jid Jid { get; }

    public string Name => "web";

    public bool PerChat => true;

    /// <summary>Reads the subscription in a request to enable it.</summary>
    /// <param name="enable">The request.</param>
    /// <param name="node">The node it names; made of the endpoint where it names none.</param>
    public static (byte[]? Form, StanzaError? Error) ReadForm(Element enable, ref string node)
    {
        if (enable.Child("x", Ns.DataForms) is not { } x || !DataForm.TryParse(x, out var form) || !WebPushSubscription.TryParse(form, out var subscription))
        {
            return (null, StanzaError.BadRequest with { Text = "A subscription has an endpoint with https, p256dh and auth." });
        }

        node = node.Length > 0 ? node : subscription.Node;
        return (subscription.ToForm().ToElement().ToUtf8(), null);
    }

    public void Register(FeatureBuilder on)
    {
        on.Host(Jid.Domain, this, "Push notifications for browsers");
        on.Identify(new DiscoIdentity("pubsub", "push", "Push notifications for browsers"), Entity.PushService);
        foreach (var feature in (string[])[Ns.DiscoInfo, Ns.DiscoItems, Ns.Ping, Ns.Push, Ns.WebPush])
        {
            on.Advertise(feature, Entity.PushService);
        }

        on.IqGet(Ns.DiscoInfo, "query", InfoAsync, Entity.PushService);
        on.IqGet(Ns.DiscoItems, "query", _ => (IqReply)new Element("query", Ns.DiscoItems), Entity.PushService);
        on.IqGet(Ns.Ping, "ping", _ => IqReply.Done, Entity.PushService);
    }

    public async Task<PushOutcome> SendAsync(PushRegistration registration, PushNotice notice, CancellationToken cancellation)
    {
        if (!WebPushSubscription.TryParse(registration.Form, out var subscription))
        {
            return new(PushResult.Gone, "the subscription cannot be read");
        }

        using var request = Request(subscription, notice, (await VapidAsync()).Authorize(subscription.Endpoint));
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return Read(response);
    }

    public Entity? EntityOf(Jid address) => address.Equals(Jid) ? Entity.PushService : null;

    public ValueTask<StanzaError?> CheckAsync(MessageEntry message) => new(StanzaError.ServiceUnavailable);

    public void Deliver(MessageEntry message)
    {
    }

    public ValueTask<StanzaError?> PresenceAsync(Stanza presence) => new((StanzaError?)null);

    public ValueTask<StanzaError?> IqAsync(Stanza iq) => new(iq.Type is StanzaType.Get or StanzaType.Set ? StanzaError.ServiceUnavailable : null);

    public void Dispose() => _http.Dispose();

    static HttpRequestMessage Request(WebPushSubscription subscription, PushNotice notice, string authorization)
    {
        var kind = notice.IsTest ? "test" : notice.Kind == PushKind.Call ? "call" : "message";
        var topic = subscription.TopicOf(notice.Chat);
        var json = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["chat"] = topic, ["count"] = notice.Count, ["kind"] = kind });
        var content = new ByteArrayContent(WebPushEncryption.Encrypt(json, subscription.PublicKey, subscription.Secret, Padded));
        content.Headers.ContentType = new("application/octet-stream");
        content.Headers.ContentEncoding.Add("aes128gcm");
        var request = new HttpRequestMessage(HttpMethod.Post, subscription.Endpoint) { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        // RFC 8030 §5.2, §5.3, §5.4: a newer one of the same chat takes the place of one that waits; a call is a topic of its own.
        var life = notice.Kind == PushKind.Call ? CallLife : MessageLife;
        request.Headers.Add("TTL", ((long)life.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Urgency", notice.Kind == PushKind.Call ? "high" : "normal");
        request.Headers.Add("Topic", kind == "message" ? topic : subscription.TopicOf(kind + " " + notice.Chat));
        return request;
    }

    PushOutcome Read(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var answer = $"HTTP {status.ToString(CultureInfo.InvariantCulture)}";
        return response.StatusCode switch
        {
            >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => new(PushResult.Taken, answer),

            // RFC 8030 §7.3: the subscription has ended.
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new(PushResult.Gone, answer),
            HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => new(PushResult.Later, answer, After(response.Headers.RetryAfter)),
            _ => new(PushResult.Refused, answer),
        };
    }

    TimeSpan? After(RetryConditionHeaderValue? header) => header?.Delta ?? (header?.Date - _server.Time.GetUtcNow());

    async ValueTask<Vapid> VapidAsync() =>
        _vapid ??= new(await _server.Store.Secrets.GetOrCreateAsync("vapid", Vapid.SecretSize), _server.Options.Push.Contact, _server.Time);

    async ValueTask<IqReply> InfoAsync(IqRequest request)
    {
        if (request.Payload["node"] is not null)
        {
            return StanzaError.ItemNotFound;
        }

        var form = new DataForm("result", Ns.WebPush).Add(new DataFormField("vapid", "text-single", [(await VapidAsync()).PublicKey]));
        return new DiscoInfo([.. _server.Features.IdentitiesOf(Entity.PushService)], _server.Features.FeaturesOf(Entity.PushService), [form]).ToElement();
    }
}
