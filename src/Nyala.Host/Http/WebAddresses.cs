using Nyala.Core;
using Nyala.Features.Registration;
using Nyala.Storage;

namespace Nyala.Host.Http;

/// <summary>The addresses that lead here, made in one place.</summary>
static class WebAddresses
{
    public const string WebSocketPath = "/xmpp-websocket";

    public const string BoshPath = "/http-bind";

    /// <summary>Where WebSocket clients connect (RFC 7395).</summary>
    public static string WebSocket(string webAddress) => "ws" + webAddress["http".Length..] + WebSocketPath;

    /// <summary>Where clients connect that have nothing but requests of HTTP (XEP-0206).</summary>
    public static string Bosh(string webAddress) => webAddress + BoshPath;

    /// <summary>An invite's landing page.</summary>
    public static string InvitePage(string webAddress, string token) => $"{webAddress}/invite/{token}";

    /// <summary>The link that apps open.</summary>
    public static string InviteLink(ServerOptions options, Invite invite, string? inviter) => InviteLinks.Uri(options, invite, inviter);

    /// <summary>
    /// An address on this machine under its other name. To a browser these are two places with separate storage, so that two people
    /// can be signed in at the same time.
    /// </summary>
    public static string OtherName(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.IsLoopback
        ? new UriBuilder(uri) { Host = uri.Host == "localhost" ? "127.0.0.1" : "localhost" }.Uri.AbsoluteUri.TrimEnd('/')
        : address;

    /// <summary>Whether another device can be expected to open an address.</summary>
    public static bool IsReachable(string webAddress) =>
        Uri.TryCreate(webAddress, UriKind.Absolute, out var uri) && !uri.IsLoopback && !uri.Host.EndsWith(".localhost", StringComparison.Ordinal);
}
