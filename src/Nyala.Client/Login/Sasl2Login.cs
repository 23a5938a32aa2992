using Nyala.Client.Transports;
using Nyala.Xmpp;
using Nyala.Xmpp.Sasl;
using Nyala.Xmpp.Xml;

namespace Nyala.Client.Login;

/// <summary>SASL2 with everything inline (XEP-0388): Bind 2 (0386), resumption (0198), tokens (0484).</summary>
sealed class Sasl2Login(Negotiation negotiation, ClientOptions options, Transport transport, LoginMemory memory, Resumption? resumption)
{
    bool _carbons;

    public async Task<Negotiated> RunAsync(Element features, Element offer)
    {
        var inline = offer.Child("inline");
        var fast = inline?.Child("fast", Ns.Fast);
        var login = Token(fast) ?? Password(features, offer);
        try
        {
            return await AuthenticateAsync(features, login, inline, fast);
        }
        catch (XmppException e) when (login is TokenAuthentication && e.Condition is "not-authorized" or "credentials-expired")
        {
            // A token may have been withdrawn at any time; the password still counts, on the same stream (XEP-0388 §2.6).
            memory.Token = null;
            return await AuthenticateAsync(features, Password(features, offer), inline, fast);
        }
    }

    Authentication Password(Element features, Element offer)
    {
        var (mechanisms, bindings) = Negotiation.Offers(features, offer);
        return Authentication.Choose(options, mechanisms, bindings, transport.EndPoint, transport.IsSecure, memory);
    }

    TokenAuthentication? Token(Element? fast) =>
        options.Fast && memory.Token is { } kept && fast is not null && FastMechanisms(fast).Contains(kept.Mechanism)
            ? new TokenAuthentication(kept.Mechanism, kept.Token, options.Account.Local ?? "", transport.EndPoint)
            : null;

    IEnumerable<string> FastMechanisms(Element fast) => fast.Children.Where(child => child.Name == "mechanism").Select(child => child.Text)
        .Where(name => !Mechanisms.BindsChannel(name) || transport.EndPoint is not null);

    async Task<Negotiated> AuthenticateAsync(Element features, Authentication login, Element? inline, Element? fast)
    {
        var request = new Element("authenticate", Ns.Sasl2).Set("mechanism", login.Mechanism)
            .Add(new Element("initial-response", Ns.Sasl2).Carry(login.First()))
            .Add(new Element("user-agent", Ns.Sasl2).Set("id", options.DeviceId).Add("software", "Nyala.Client").Add("device", "test"));
        if (resumption is not null && inline?.Child("sm", Ns.StreamManagement) is not null)
        {
            request.Add(Negotiation.ResumeElement(resumption));
        }

        if (inline?.Child("bind", Ns.Bind2) is { } bind)
        {
            request.Add(Bind(bind));
        }

        var wanted = fast is null ? null : Mechanisms.Fast.FirstOrDefault(FastMechanisms(fast).Contains);
        if (options.Fast && wanted is not null)
        {
            request.Add(login is TokenAuthentication ? new Element("fast", Ns.Fast) : new Element("request-token", Ns.Fast).Set("mechanism", wanted));
        }

        await transport.WriteAsync(request, CancellationToken.None);
        var success = await SucceedAsync(login);
        if (success.Child("token", Ns.Fast)?["token"] is { } token)
        {
            memory.Token = ((login as TokenAuthentication)?.Mechanism ?? wanted!, token);
        }

        return await SessionAsync(features, success);
    }

    Element Bind(Element offer)
    {
        var bind = new Element("bind", Ns.Bind2).Add("tag", options.Account.Resource ?? "Nyala.Client");
        var offered = offer.Child("inline")?.Children.Select(feature => feature["var"]).ToArray() ?? [];
        if (options.StreamManagement && offered.Contains(Ns.StreamManagement))
        {
            bind.Add(Negotiation.EnableElement());
        }

        if (options.Carbons && offered.Contains(Ns.Carbons))
        {
            bind.Add(new Element("enable", Ns.Carbons));
            _carbons = true;
        }

        return bind;
    }

    async Task<Element> SucceedAsync(Authentication login)
    {
        while (true)
        {
            var answer = await negotiation.NextAsync();
            switch (answer.Name)
            {
                case "challenge":
                    await transport.WriteAsync(new Element("response", Ns.Sasl2).Carry(login.Respond(answer.Data())), CancellationToken.None);
                    break;
                case "success":
                    login.Finish(answer.Child("additional-data").Data());
                    return answer;
                default:
                    throw XmppException.From(answer);
            }
        }
    }

    /// <summary>What came with the success, else the older way on the same stream.</summary>
    async Task<Negotiated> SessionAsync(Element features, Element success)
    {
        var resumed = success.Child("resumed", Ns.StreamManagement);
        var before = Negotiation.Handled(success.Child("failed", Ns.StreamManagement));

        // The features that follow at once (XEP-0388 §2.7) are left to whoever reads the session.
        if (resumed is not null)
        {
            return new Negotiated { Features = features, Resumed = Negotiation.Handled(resumed), Managed = true, ResumptionId = resumption!.Id };
        }

        if (success.Child("bound", Ns.Bind2) is not { } bound)
        {
            var older = success.Child("failed", Ns.StreamManagement) is null ? resumption : null;
            var negotiated = await negotiation.BindAsync(await negotiation.FeaturesAsync(), older);
            return negotiated with { HandledBefore = negotiated.HandledBefore ?? before };
        }

        var address = success.Child("authorization-identifier")?.Text ?? throw new XmppException("authorization-identifier", $"Whose session is it? {success}");
        var session = new Negotiated { Features = features, Bound = Jid.Parse(address), HandledBefore = before, Carbons = _carbons };
        return Negotiation.Enabled(session, bound.Child("enabled", Ns.StreamManagement));
    }
}
