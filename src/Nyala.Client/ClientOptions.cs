using System.Net.Security;
using Nyala.Xmpp;

namespace Nyala.Client;

/// <summary>How a client reaches its server.</summary>
public enum ClientTransport
{
    /// <summary>TCP, upgraded with STARTTLS (RFC 6120 §5).</summary>
    StartTls,

    /// <summary>TCP with TLS from the first byte, ALPN xmpp-client (XEP-0368).</summary>
    DirectTls,

    /// <summary>TCP without TLS, for loopback.</summary>
    Plain,

    /// <summary>WebSocket (RFC 7395), to <see cref="ClientOptions.WebSocket"/>.</summary>
    WebSocket,
}

/// <summary>Who the client is and how it goes about it.</summary>
public sealed record ClientOptions
{
    /// <summary>The account; a resource in it is asked for.</summary>
    public required Jid Account { get; init; }

    public string Password { get; init; } = "";

    public string Host { get; init; } = "127.0.0.1";

    public int Port { get; init; } = 5222;

    public ClientTransport Transport { get; init; } = ClientTransport.StartTls;

    /// <summary>The address for <see cref="ClientTransport.WebSocket"/>.</summary>
    public Uri? WebSocket { get; init; }

    /// <summary>Instead of a socket: a stream that somebody else connected, for servers in memory. Called for each connection.</summary>
    public Func<CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    /// <summary>Decides about the server's certificate; by default the platform does.</summary>
    public RemoteCertificateValidationCallback? Certificate { get; init; }

    /// <summary>The SASL mechanism to use; by default the strongest that both sides know.</summary>
    public string? Mechanism { get; init; }

    /// <summary>Use SASL2 and Bind 2 (XEP-0388, XEP-0386) where the server offers them.</summary>
    public bool Sasl2 { get; init; } = true;

    /// <summary>Ask for a token and log in with it afterwards (XEP-0484). Needs <see cref="Sasl2"/>.</summary>
    public bool Fast { get; init; }

    /// <summary>Which device this is (XEP-0388 §2.1): a UUID that stays the same; tokens belong to it.</summary>
    public string DeviceId { get; init; } = Guid.NewGuid().ToString();

    /// <summary>Enable stream management with resumption (XEP-0198).</summary>
    public bool StreamManagement { get; init; } = true;

    /// <summary>Ask for an acknowledgement after every so many stanzas; 0: only when told to.</summary>
    public int AckEvery { get; init; } = 1;

    /// <summary>Enable carbons while binding (XEP-0280).</summary>
    public bool Carbons { get; init; }

    /// <summary>Keep what arrives for <see cref="XmppClient.NextAsync"/>. Off where only the events are used: nothing bounds it.</summary>
    public bool KeepReceived { get; init; } = true;

    /// <summary>How long to wait where no other time is given.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
