using System.Security.Cryptography;
using System.Text;
using Nyala.Host.Http;

namespace Nyala.Host.Portability.Readable;

/// <summary>
/// A page of a readable copy while it is written: complete in itself, with no script and nothing from elsewhere, and well-formed as
/// XML too. Written on in pieces, so that a long one is never in memory as a whole.
/// </summary>
sealed class ExportPage(Stream output)
{
    const int Piece = 32_768;

    const string Style = """
        :root{color-scheme:light dark;--paper:#f4f6f5;--card:#fff;--ink:#14201f;--soft:#566462;--line:#dce3e1;--accent:#0b6e66;--mine:#d9efe9}
        @media(prefers-color-scheme:dark){:root{--paper:#0e1514;--card:#172120;--ink:#e7eeec;--soft:#a0afac;--line:#2b3a38;--accent:#4fd1c5;--mine:#123b37}}
        *{box-sizing:border-box}
        body{margin:0;padding:1.25rem 1rem 3rem;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
        main{max-width:46rem;margin:0 auto}
        h1{margin:0 0 .3rem;font-size:clamp(1.5rem,6vw,2.1rem);line-height:1.2}
        h2{margin:0 0 .5rem;font-size:1.15rem}
        p{margin:.5rem 0}
        a{color:var(--accent)}
        nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem;margin:.8rem 0 1rem;font-size:.95rem}
        section{margin:1rem 0;padding:1rem 1.1rem;background:var(--card);border:1px solid var(--line);border-radius:14px}
        .soft,time{color:var(--soft);font-size:.88rem}
        .rows{list-style:none;margin:.6rem 0 0;padding:0}
        .rows>li{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;padding:.55rem 0;border-top:1px solid var(--line)}
        .rows>li>div{min-width:0}
        .rows .end{color:var(--soft);font-size:.88rem}
        .top{display:flex;gap:1rem;align-items:center}
        .face{width:4.5rem;height:4.5rem;flex:none;border-radius:50%;object-fit:cover}
        dl{display:grid;grid-template-columns:minmax(6rem,auto) 1fr;gap:.2rem 1rem;margin:.8rem 0 0}
        dt{color:var(--soft);font-size:.9rem}
        dd{margin:0;unicode-bidi:isolate}
        .day{margin:1.4rem 0 .6rem;text-align:center;font-size:.88rem;font-weight:600;color:var(--soft)}
        .talk{list-style:none;margin:0;padding:0;display:flex;flex-direction:column;gap:.5rem}
        .talk>li{max-width:85%;padding:.5rem .8rem;background:var(--card);border:1px solid var(--line);border-radius:14px;align-self:flex-start}
        .talk>li.mine{align-self:flex-end;background:var(--mine)}
        .talk b{font-size:.88rem;unicode-bidi:isolate}
        .talk p{margin:.1rem 0 0;white-space:pre-wrap;unicode-bidi:isolate}
        .talk .note{font-style:italic;color:var(--soft)}
        @media(max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}.talk>li{max-width:94%}section{padding:.9rem}}
        @media print{body{background:none}section,.talk>li{break-inside:avoid}}
        """;

    /// <summary>Even if something foreign became markup, it could load and run nothing.</summary>
    static readonly string Policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src 'sha256-"
        + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style))) + "'";

    readonly StringBuilder _text = new();

    public async Task BeginAsync(string language, string title)
    {
        _text.Append("<!DOCTYPE html>\n");
        await AddAsync(Html.Of($"""
            <html lang="{language}"><head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta http-equiv="Content-Security-Policy" content="{Policy}"/><meta name="referrer" content="no-referrer"/>
            <title>{title}</title><style>{new Html(Style)}</style></head><body><main>

            """));
    }

    public async ValueTask AddAsync(Html html)
    {
        _text.Append(html.Value);
        if (_text.Length >= Piece)
        {
            await FlushAsync();
        }
    }

    public async Task EndAsync()
    {
        _text.Append("</main></body></html>\n");
        await FlushAsync();
    }

    async Task FlushAsync()
    {
        await output.WriteAsync(Encoding.UTF8.GetBytes(_text.ToString()));
        _text.Clear();
    }
}
