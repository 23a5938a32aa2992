using Nyala.Host.Configuration;

namespace Nyala.Host.Http.Pages;

/// <summary>What other apps show of an invite's link (Open Graph), and the way for browsers without scripts.</summary>
static class Preview
{
    public static Html Of(Invitation invitation, Texts texts, NyalaOptions options)
    {
        var (invite, inviter, room) = invitation;
        var title = room is not null ? Layout.Fill(texts.InviteGroup, room.Title)
            : inviter is null ? Layout.Fill(texts.InviteTitle, options.OperatorName ?? options.Server.Domain)
            : Layout.Fill(invite.CreatesAccount ? texts.InviteBy : texts.InviteContact, inviter.Name);
        var picture = $"{options.Server.WebAddress}/icon-512.png";
        return Html.Of($"""
            <meta name="robots" content="noindex">
            <meta property="og:type" content="website">
            <meta property="og:site_name" content="Nyala">
            <meta property="og:title" content="{title}">
            <meta property="og:description" content="{invite.Greeting ?? texts.InvitePromise}">
            <meta property="og:image" content="{picture}">
            <noscript><meta http-equiv="refresh" content="0;url=?apps"></noscript>
            """);
    }
}
