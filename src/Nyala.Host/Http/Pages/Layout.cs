using System.Globalization;
using System.Text;

namespace Nyala.Host.Http.Pages;

/// <summary>What all pages share.</summary>
static class Layout
{
    /// <summary>Answers a request with a page.</summary>
    public static async Task WriteAsync(HttpContext context, Texts texts, int status, string title, Html body)
    {
        var page = Html.Of($"""
            <!doctype html>
            <html lang="{texts.Language}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <title>{title}</title>
            <link rel="icon" href="/assets/nyala.svg" type="image/svg+xml">
            <link rel="stylesheet" href="/assets/nyala.css?{Assets.Version}">
            </head>
            <body>
            <main>
            {body}
            </main>
            <footer>Nyala {About.Version} · {texts.FreeSoftware}</footer>
            </body>
            </html>
            """);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.Vary = "Accept-Language";
        await context.Response.WriteAsync(page.Value, Encoding.UTF8, context.RequestAborted);
    }

    /// <summary>A page with one message.</summary>
    public static Task WriteMessageAsync(HttpContext context, int status, Func<Texts, string> title, Func<Texts, string> text)
    {
        var texts = Texts.For(context.Request);
        var body = Html.Of($"""
            {Mark}
            <h1>{title(texts)}</h1>
            <p>{text(texts)}</p>
            <p><a class="button quiet" href="/">{texts.Home}</a></p>
            """);
        return WriteAsync(context, texts, status, title(texts), body);
    }

    public static Html Mark => Html.Of($"""<img class="mark" src="/assets/nyala.svg" alt="" width="56" height="56">""");

    /// <summary>Fills the holes of a sentence with pieces that are set in bold.</summary>
    public static Html Sentence(string text, string bold)
    {
        var parts = text.Split("{0}");
        return Html.Join(parts.Select((part, i) => i == 0 ? Html.Of($"{part}") : Html.Of($"<strong>{bold}</strong>{part}")));
    }

    public static string Fill(string text, string value) => string.Format(CultureInfo.InvariantCulture, text, value);
}
