using System.Globalization;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Calls;

/// <summary>External Service Discovery: the relay that calls need where no direct way is open, with credentials for some hours.</summary>
[Xep(215, "1.0.0", Note = "STUN and TURN; nothing is pushed, because what is configured changes with a restart only")]
[Xep(353, "0.8.0", Note = "proposals are urgent: archived as hinted, never held back, and push at once")]
public sealed class ExternalServices(NyalaServer server) : IFeature
{
    public void Register(FeatureBuilder on)
    {
        if (server.Options.Turn.Host.Length == 0)
        {
            return;
        }

        on.Advertise(Ns.ExternalServices);
        on.IqGet(Ns.ExternalServices, "services", ServicesAsync, Entity.Domain | Entity.OwnAccount);
        on.IqGet(Ns.ExternalServices, "credentials", CredentialsAsync, Entity.Domain | Entity.OwnAccount);
    }

    /// <summary>What is shared with the relay: what is configured, else something made once and kept.</summary>
    public static async Task<string> SecretAsync(TurnOptions options, ISecrets secrets) =>
        options.Secret.Length > 0 ? options.Secret : Convert.ToHexStringLower(await secrets.GetOrCreateAsync("turn", 32));

    /// <summary>§3.1, §3.2</summary>
    async ValueTask<IqReply> ServicesAsync(IqRequest request)
    {
        if (request.Session is null)
        {
            // The relay is for the people of this server.
            return StanzaError.Forbidden;
        }

        var type = request.Payload["type"];
        var credentials = await CredentialsForAsync(request);
        return new Element("services", Ns.ExternalServices).Set("type", type)
            .Add(All().Where(service => type is null || service.Type == type).Select(service => service.ToElement(server.Options.Turn.Host, credentials)));
    }

    /// <summary>§3.3</summary>
    async ValueTask<IqReply> CredentialsAsync(IqRequest request)
    {
        if (request.Session is null)
        {
            return StanzaError.Forbidden;
        }

        if (request.Payload.Child("service") is not { } wanted || wanted["host"] is not { } host || wanted["type"] is not { } type)
        {
            return StanzaError.BadRequest;
        }

        var found = host != server.Options.Turn.Host ? [] : All()
            .Where(service => service.Type == type && service.IsRestricted && (wanted["port"] is not { } port || port == service.Port.ToString(CultureInfo.InvariantCulture)))
            .ToList();
        var credentials = await CredentialsForAsync(request);
        return found.Count == 0
            ? StanzaError.ItemNotFound
            : new Element("credentials", Ns.ExternalServices).Add(found.Select(service => service.ToElement(host, credentials)));
    }

    async ValueTask<TurnCredentials> CredentialsForAsync(IqRequest request) =>
        TurnCredentials.Make(request.From, await SecretAsync(server.Options.Turn, server.Store.Secrets), server.Time.GetUtcNow() + server.Options.Turn.Lifetime);

    IEnumerable<Service> All()
    {
        var turn = server.Options.Turn;
        yield return new("stun", "udp", turn.Port);
        yield return new("turn", "udp", turn.Port);
        yield return new("turn", "tcp", turn.Port);
        if (turn.TlsPort != 0)
        {
            yield return new("turns", "tcp", turn.TlsPort);
        }
    }

    /// <summary>One way to reach the relay.</summary>
    sealed record Service(string Type, string Transport, int Port)
    {
        public bool IsRestricted => Type != "stun";

        public Element ToElement(string host, TurnCredentials credentials)
        {
            var element = new Element("service", Ns.ExternalServices)
                .Set("type", Type).Set("host", host).Set("port", Port.ToString(CultureInfo.InvariantCulture)).Set("transport", Transport);
            return !IsRestricted ? element : element
                .Set("restricted", "true").Set("username", credentials.Username).Set("password", credentials.Password)
                .Set("expires", DateTimeProfile.Format(credentials.Expires));
        }
    }
}
