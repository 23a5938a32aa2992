using Nyala.Core.Routing;
using Nyala.Host.Configuration;
using Nyala.Storage;

namespace Nyala.Host.Http.Pages;

/// <summary>What an invite's page shows.</summary>
/// <param name="Inviter">The inviter's username, or null.</param>
/// <param name="Error">Why the form was not accepted, or null.</param>
/// <param name="Username">What the form had, to be shown again.</param>
sealed record InviteForm(Invite Invite, string? Inviter, string? Error = null, string Username = "");

/// <summary>The landing page of an invite (XEP-0401 §3.2, XEP-0379): apps, a form, and a code for the phone.</summary>
[Xep(379, "0.3.3", Note = "links that make contacts")]
[Xep(401, "0.6.0", Note = "landing page and links")]
sealed class InvitePage(NyalaOptions options)
{
    string Domain => options.Server.Domain;

    public Task WriteAsync(HttpContext context, Texts texts, int status, InviteForm view)
    {
        var (title, lead) = view switch
        {
            { Inviter: null } => (texts.InviteTitle, Domain),
            { Invite.CreatesAccount: true } => (texts.InviteBy, view.Inviter),
            _ => (texts.InviteContact, view.Inviter),
        };

        // On a phone an app is the better way in; at a computer the form is, because hardly any desktop app reads invites.
        var (app, form, scan) = (AppCard(context, texts, view), FormCard(texts, view), ScanCard(texts, view));
        var appFirst = Apps.IsPhone(context.Request) && view.Error is null;
        var body = Html.Of($"""
            {Layout.Mark}
            <h1>{Layout.Fill(title, lead)}</h1>
            <p>{Layout.Sentence(texts.InviteWhat, Domain)}</p>
            {(appFirst ? Html.Of($"{app}{form}{scan}") : Html.Of($"{form}{scan}{app}"))}
            """);
        return Layout.WriteAsync(context, texts, status, Layout.Fill(title, lead), body);
    }

    /// <summary>The page after the form made the account.</summary>
    public Task WriteDoneAsync(HttpContext context, Texts texts, string username, string? inviter)
    {
        var contact = inviter is null
            ? Html.Empty
            : Html.Of($"""<p>{Layout.Sentence(texts.DoneInviter, $"{inviter}@{Domain}")}</p>""");
        var body = Html.Of($"""
            {Layout.Mark}
            <h1>{texts.DoneTitle}</h1>
            <p>{texts.DoneText}</p>
            <section class="card"><h2>{texts.Address}</h2><p class="address">{username}@{Domain}</p><p class="soft">{texts.DoneAddress}</p></section>
            <section class="card"><h2>{texts.LoginTitle}</h2><p>{texts.DoneSteps}</p>{contact}{Apps.List(texts, context.Request, invites: false)}</section>
            """);
        return Layout.WriteAsync(context, texts, StatusCodes.Status200OK, texts.DoneTitle, body);
    }

    Html AppCard(HttpContext context, Texts texts, InviteForm view)
    {
        var link = WebAddresses.InviteLink(options.Server, view.Invite, view.Inviter);
        return Html.Of($"""
            <section class="card">
            <h2>{texts.GetApp}</h2>
            <p>{texts.GetAppSteps}</p>
            {Apps.List(texts, context.Request, invites: view.Invite.CreatesAccount)}
            <p>{texts.HaveApp}</p>
            <p><a class="button quiet" href="{link}">{texts.OpenInApp}</a></p>
            </section>
            """);
    }

    static Html FormCard(Texts texts, InviteForm view)
    {
        if (!view.Invite.CreatesAccount)
        {
            return Html.Empty;
        }

        var error = view.Error is null ? Html.Empty : Html.Of($"""<p class="error" role="alert">{view.Error}</p>""");
        return Html.Of($"""
            <section class="card">
            <h2>{texts.CreateTitle}</h2>
            <p>{texts.CreateText}</p>
            {error}
            <form method="post">
            <label for="username">{texts.Username}</label>
            <div class="field"><input id="username" name="username" value="{view.Username}" required maxlength="64" autocomplete="username" autocapitalize="none" spellcheck="false" aria-describedby="username-hint"></div>
            <p class="soft" id="username-hint">{texts.UsernameHint}</p>
            <label for="password">{texts.Password}</label>
            <div class="field"><input id="password" name="password" type="password" required minlength="8" maxlength="256" autocomplete="new-password" aria-describedby="password-hint"></div>
            <p class="soft" id="password-hint">{texts.PasswordHint}</p>
            <label for="again">{texts.PasswordAgain}</label>
            <div class="field"><input id="again" name="again" type="password" required minlength="8" maxlength="256" autocomplete="new-password"></div>
            <button>{texts.CreateButton}</button>
            </form>
            </section>
            """);
    }

    Html ScanCard(Texts texts, InviteForm view)
    {
        if (!WebAddresses.IsReachable(options.Server.WebAddress))
        {
            return Html.Of($"""<p class="soft">{texts.PhoneNeedsDomain}</p>""");
        }

        var page = WebAddresses.InvitePage(options.Server.WebAddress, view.Invite.Token);
        return Html.Of($"""
            <section class="card scan">
            <h2>{texts.ScanTitle}</h2>
            <p>{texts.ScanText}</p>
            {QrSvg.Make(page, texts.ScanTitle)}
            </section>
            """);
    }
}
