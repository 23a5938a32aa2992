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

    /// <summary>Whether another device can be expected to open an address.</summary>
    public static bool IsReachable(string webAddress) =>
        Uri.TryCreate(webAddress, UriKind.Absolute, out var uri) && !uri.IsLoopback && !uri.Host.EndsWith(".localhost", StringComparison.Ordinal);
}
