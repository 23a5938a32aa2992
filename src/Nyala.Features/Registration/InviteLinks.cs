using Nyala.Core;
using Nyala.Storage;

namespace Nyala.Features.Registration;

/// <summary>The addresses of an invite.</summary>
public static class InviteLinks
{
    /// <summary>The landing page (XEP-0401 §3.2).</summary>
    public static string Page(ServerOptions options, Invite invite) => $"{options.WebAddress}/invite/{invite.Token}";

    /// <summary>
    /// The link that apps open: an account (XEP-0445 §2.1, §2.2), or the inviter as a contact, with <c>ibr=y</c> where it also
    /// makes an account (§2.3); into a room, an account first.
    /// </summary>
    /// <param name="inviter">The inviter's username, or null.</param>
    public static string Uri(ServerOptions options, Invite invite, string? inviter)
    {
        var domain = options.Domain;
        if (invite.Username is { } username)
        {
            return $"xmpp:{System.Uri.EscapeDataString(username)}@{domain}?register;preauth={invite.Token}";
        }

        if (inviter is null || invite.Room is not null)
        {
            return $"xmpp:{domain}?register;preauth={invite.Token}";
        }

        var ibr = invite.CreatesAccount && options.Registration != RegistrationMode.Closed ? ";ibr=y" : "";
        return $"xmpp:{System.Uri.EscapeDataString(inviter)}@{domain}?roster;preauth={invite.Token}{ibr}";
    }
}
