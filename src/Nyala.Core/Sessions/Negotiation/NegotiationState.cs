namespace Nyala.Core.Sessions.Negotiation;

/// <summary>How far a stream has come, from its first header to a bound session (RFC 6120 §4.3).</summary>
enum NegotiationState
{
    /// <summary>A stream header is expected: at first, after TLS, after SASL.</summary>
    Opening,

    /// <summary>Open and in clear where TLS is required: only STARTTLS is offered.</summary>
    Encrypting,

    /// <summary>Open and secure: authentication is offered.</summary>
    Authenticating,

    /// <summary>In the middle of a SASL exchange (RFC 6120 §6).</summary>
    InSasl,

    /// <summary>In the middle of a SASL2 exchange (XEP-0388).</summary>
    InSasl2,

    /// <summary>Authenticated: binding a resource or resuming a stream is offered.</summary>
    Binding,

    /// <summary>A session has the connection, or the stream was ended.</summary>
    Done,
}
