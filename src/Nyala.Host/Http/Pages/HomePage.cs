using System.Globalization;
using System.Net;
using Nyala.Core;
using Nyala.Host.Configuration;

namespace Nyala.Host.Http.Pages;

/// <summary>The page at <c>/</c> where the web app is missing: what this server is and how to get in.</summary>
sealed class HomePage(NyalaOptions options)
{
    public Task WriteAsync(HttpContext context)
    {
        var texts = Texts.For(context.Request);
        var domain = options.Server.Domain;
        var join = options.Server.Registration switch
        {
            RegistrationMode.Open => texts.JoinOpen,
            RegistrationMode.Closed => texts.JoinClosed,
            _ => texts.JoinInvite,
        };
        var body = Html.Of($"""
            {Layout.Mark}
            <h1>{domain}</h1>
            <p class="tagline">{texts.Tagline}</p>
            <p>{Layout.Sentence(texts.HomeWhat, domain)} {texts.HomePrivate}</p>
            <section class="card"><h2>{texts.JoinTitle}</h2><p>{Layout.Sentence(join, domain)}</p></section>
            <section class="card"><h2>{texts.LoginTitle}</h2><p>{texts.LoginText}</p>{Apps.List(texts, context.Request, invites: false)}</section>
            <section class="card"><h2>{texts.NoWebAppTitle}</h2><p>{texts.NoWebAppText}</p></section>
            <section class="card"><h2>{texts.DetailsTitle}</h2><p>{texts.DetailsText}</p>{Details(texts)}</section>
            """);
        return Layout.WriteAsync(context, texts, StatusCodes.Status200OK, domain, body);
    }

    Html Details(Texts texts)
    {
        var host = options.IsPublic ? options.Server.Domain : "127.0.0.1";
        var rows = new List<Html> { Row(texts.Address, $"{texts.AddressExample}@{options.Server.Domain}") };
        AddPort(rows, texts.Server + " (STARTTLS)", host, options.Xmpp);
        AddPort(rows, texts.Server + " (TLS)", host, options.XmppTls);
        rows.Add(Row("WebSocket", WebAddresses.WebSocket(options.Server.WebAddress)));
        return Html.Of($"""<dl class="settings">{Html.Join(rows)}</dl>""");
    }

    static void AddPort(List<Html> rows, string name, string host, IReadOnlyList<IPEndPoint> endpoints)
    {
        if (endpoints.Count > 0)
        {
            rows.Add(Row(name, string.Create(CultureInfo.InvariantCulture, $"{host}:{endpoints[0].Port}")));
        }
    }

    static Html Row(string name, string value) => Html.Of($"<div><dt>{name}</dt><dd><code>{value}</code></dd></div>");
}
