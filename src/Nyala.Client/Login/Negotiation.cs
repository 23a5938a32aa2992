using Nyala.Client.Transports;
using Nyala.Xmpp;
using Nyala.Xmpp.Xml;

namespace Nyala.Client.Login;

/// <summary>What a resumable stream is known by (XEP-0198 §5).</summary>
/// <param name="Id">The server's name for it.</param>
/// <param name="Handled">How many stanzas were handled here.</param>
sealed record Resumption(string Id, uint Handled);

/// <summary>What negotiation led to.</summary>
sealed record Negotiated
{
    /// <summary>The address bound; null when the stream was resumed, whose address stays.</summary>
    public Jid? Bound { get; init; }

    /// <summary>The stream was resumed, and the server has handled so many of our stanzas.</summary>
    public uint? Resumed { get; init; }

    /// <summary>Resumption failed, yet the server told how many it has handled.</summary>
    public uint? HandledBefore { get; init; }

    /// <summary>Stream management is on.</summary>
    public bool Managed { get; init; }

    /// <summary>Under what the new stream can be resumed; null: it cannot.</summary>
    public string? ResumptionId { get; init; }

    /// <summary>The features last announced.</summary>
    public required Element Features { get; init; }

    /// <summary>Carbons were enabled inline.</summary>
    public bool Carbons { get; init; }
}

/// <summary>From an open connection to a session: TLS, authentication, resumption or binding. One object per connection.</summary>
sealed class Negotiation(ClientOptions options, Transport transport, LoginMemory memory, Resumption? resumption, CancellationToken token)
{
    public async Task<Negotiated> RunAsync()
    {
        var features = await SecureAsync();
        if (options.Sasl2 && features.Child("authentication", Ns.Sasl2) is { } offer)
        {
            return await new Sasl2Login(this, options, transport, memory, resumption).RunAsync(features, offer);
        }

        await AuthenticateAsync(features);
        features = await OpenAsync();
        return await BindAsync(features, resumption);
    }

    /// <summary>Opens the stream and, where it is wanted and not there yet, TLS.</summary>
    public async Task<Element> SecureAsync()
    {
        var features = await OpenAsync();
        if (options.Transport != ClientTransport.StartTls)
        {
            return features;
        }

        if (features.Child("starttls", Ns.Tls) is null)
        {
            throw new XmppException("starttls", "The server offers no STARTTLS.");
        }

        await transport.WriteAsync(new Element("starttls", Ns.Tls), token);
        var answer = await NextAsync();
        if (!answer.Is("proceed", Ns.Tls))
        {
            throw XmppException.From(answer);
        }

        await transport.StartTlsAsync(token);
        return await OpenAsync();
    }

    /// <summary>Resumes with an element of its own, else binds (RFC 6120 §7) and enables stream management.</summary>
    public async Task<Negotiated> BindAsync(Element features, Resumption? old)
    {
        uint? before = null;
        if (old is not null)
        {
            await transport.WriteAsync(ResumeElement(old), token);
            var answer = await NextAsync();
            if (answer.Is("resumed", Ns.StreamManagement))
            {
                return new Negotiated { Features = features, Resumed = Handled(answer), Managed = true, ResumptionId = old.Id };
            }

            before = Handled(answer);
        }

        var bind = new Element("bind", Ns.Bind);
        if (options.Account.Resource is { } resource)
        {
            bind.Add("resource", resource);
        }

        await transport.WriteAsync(new Element("iq", Ns.Client).Set("type", "set").Set("id", "bind").Add(bind), token);
        var result = await NextAsync();
        if (result["type"] != "result" || result.Child("bind", Ns.Bind)?.Child("jid") is not { } jid)
        {
            throw XmppException.From(result.Child("error") ?? result);
        }

        var negotiated = new Negotiated { Features = features, Bound = Jid.Parse(jid.Text), HandledBefore = before };
        if (!options.StreamManagement || features.Child("sm", Ns.StreamManagement) is null)
        {
            return negotiated;
        }

        await transport.WriteAsync(EnableElement(), token);
        return Enabled(negotiated, await NextAsync());
    }

    /// <summary>Opens the stream and waits for the features.</summary>
    public async Task<Element> OpenAsync()
    {
        await transport.OpenAsync(options.Account, token);
        return await FeaturesAsync();
    }

    /// <summary>Waits for the features.</summary>
    public async Task<Element> FeaturesAsync()
    {
        var features = await NextAsync();
        return features.Is("features", Ns.Streams) ? features : throw XmppException.From(features);
    }

    /// <exception cref="XmppException">The stream ended, or the server ended it with an error.</exception>
    public async Task<Element> NextAsync()
    {
        var stanza = await transport.ReadAsync(token) ?? throw new XmppException("closed", "The server closed the connection while logging in.");
        var element = stanza.ToElement();
        return element.Is("error", Ns.Streams) ? throw XmppException.From(element) : element;
    }

    /// <summary>What the server announces: mechanisms and channel bindings.</summary>
    public static (string[] Mechanisms, string[] Bindings) Offers(Element features, Element mechanisms) =>
        ([.. mechanisms.Children.Where(child => child.Name == "mechanism").Select(child => child.Text)],
         [.. features.Child("sasl-channel-binding", Ns.ChannelBinding)?.Children.Select(child => child["type"] ?? "") ?? []]);

    public static Element ResumeElement(Resumption old) =>
        new Element("resume", Ns.StreamManagement).Set("previd", old.Id).Set("h", $"{old.Handled}");

    public static Element EnableElement() => new Element("enable", Ns.StreamManagement).Set("resume", "true");

    /// <summary>The attribute <c>h</c>, where there is one.</summary>
    public static uint? Handled(Element? element) => uint.TryParse(element?["h"], out var h) ? h : null;

    public static Negotiated Enabled(Negotiated negotiated, Element? enabled) => enabled?.Name == "enabled"
        ? negotiated with { Managed = true, ResumptionId = enabled["resume"] is "true" or "1" ? enabled["id"] : null }
        : negotiated;

    /// <summary>SASL as in RFC 6120 §6.</summary>
    async Task AuthenticateAsync(Element features)
    {
        var offer = features.Child("mechanisms", Ns.Sasl) ?? throw new XmppException("mechanisms", $"The server offers no authentication: {features}");
        var (mechanisms, bindings) = Offers(features, offer);
        var login = Authentication.Choose(options, mechanisms, bindings, transport.EndPoint, transport.IsSecure, memory);
        await transport.WriteAsync(new Element("auth", Ns.Sasl).Set("mechanism", login.Mechanism).Carry(login.First()), token);
        while (true)
        {
            var answer = await NextAsync();
            switch (answer.Name)
            {
                case "challenge":
                    await transport.WriteAsync(new Element("response", Ns.Sasl).Carry(login.Respond(answer.Data())), token);
                    break;
                case "success":
                    login.Finish(answer.Data());
                    return;
                default:
                    throw XmppException.From(answer);
            }
        }
    }
}
