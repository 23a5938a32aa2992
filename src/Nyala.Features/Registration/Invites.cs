using System.Security.Cryptography;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.AdHoc;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Registration;

/// <summary>
/// Easy user onboarding: anybody invites people to become contacts, with an account here if they have none; administrators
/// invite people to accounts. Redeeming is part of registration, and of subscriptions (XEP-0379).
/// </summary>
[Xep(401, "0.6.0")]
[Xep(379, "0.3.3", Note = "tokens are made and checked by the server")]
public sealed class Invites(NyalaServer server, Registrar registrar, CommandList commands) : IFeature
{
    /// <summary>Usable invites one person may have out.</summary>
    const int MostPerInviter = 50;

    /// <summary>Letters and digits that survive being read aloud and copied by hand.</summary>
    const string Alphabet = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// <summary>139 bits (XEP-0379 §5.1 asks for 80).</summary>
    const int TokenLength = 24;

    static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    public void Register(FeatureBuilder on)
    {
        commands.Add(new(Ns.Invite + "#invite", "Invite somebody", CommandUsers.Everybody, InviteAsync));
        commands.Add(new(Ns.Invite + "#create-account", "Invite somebody to an account", CommandUsers.Administrators,
            asker => new((CommandStep)new CommandForm(CreateAccountForm(), form => CreateAccountAsync(asker.Account, form)))));
    }

    ValueTask<CommandStep> InviteAsync(CommandAsker inviter) =>
        MakeAsync(inviter.Account, linksInviter: true, createsAccount: server.Options.Registration != RegistrationMode.Closed, username: null);

    static DataForm CreateAccountForm() => new DataForm("form", Ns.Invite + "#create-account") { Title = "Invite somebody to an account" }
        .Add(new DataFormField("username", "text-single", []) { Label = "Username (empty: the invited person chooses)" })
        .Add(new DataFormField("roster-subscription", "boolean", ["1"]) { Label = "Become contacts" });

    async ValueTask<CommandStep> CreateAccountAsync(LocalAccount inviter, DataForm form)
    {
        if (server.Options.Registration == RegistrationMode.Closed)
        {
            return StanzaError.NotAllowed with { Text = "Registration is closed on this server." };
        }

        string? username = null;
        if (form["username"]?.Value is { Length: > 0 } wanted)
        {
            username = registrar.TryPrepare(wanted);
            if (username is null)
            {
                return StanzaError.NotAcceptable with { Text = "That cannot be a username." };
            }

            if (await server.Store.Accounts.FindAsync(username) is not null)
            {
                return StanzaError.Conflict with { Text = "The username is taken." };
            }
        }

        return await MakeAsync(inviter, linksInviter: form["roster-subscription"]?.AsBoolean() ?? false, createsAccount: true, username);
    }

    ValueTask<CommandStep> MakeAsync(LocalAccount inviter, bool linksInviter, bool createsAccount, string? username) => MakeAsync(inviter, invite => invite with
    {
        Inviter = linksInviter ? inviter.Id : null,
        CreatesAccount = createsAccount,
        Username = username,
    });

    /// <summary>Makes an invite for one person within a week, or what becomes of that, and tells its addresses.</summary>
    internal async ValueTask<CommandStep> MakeAsync(LocalAccount inviter, Func<Invite, Invite> change)
    {
        var now = server.Time.GetUtcNow();
        if (await server.Store.Invites.CountByInviterAsync(inviter.Id, now) >= MostPerInviter)
        {
            return StanzaError.ResourceConstraint with { Text = "You have too many unused invites; wait until some are used or too old." };
        }

        var invite = change(new(
            RandomNumberGenerator.GetString(Alphabet, TokenLength), inviter.Id, CreatesAccount: true, AccountRole.User, Uses: 1, now, now + Lifetime));
        await server.Store.Invites.CreateAsync(invite);
        return CommandResult.Of(new DataForm("result", Ns.Invite + "#invitation")
            .Add("uri", "text-single", InviteLinks.Uri(server.Options, invite, invite.Inviter is null ? null : inviter.Jid.Local))
            .Add("landing-url", "text-single", InviteLinks.Page(server.Options, invite))
            .Add("expire", "text-single", DateTimeProfile.Format(invite.ExpiresAt)));
    }
}
