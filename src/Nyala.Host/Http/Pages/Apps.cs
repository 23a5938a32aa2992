namespace Nyala.Host.Http.Pages;

/// <summary>An app that people can use with this server today.</summary>
/// <param name="TakesInvites">Opens an invite link and creates the account itself.</param>
sealed record App(string Name, string Address, bool TakesInvites);

/// <summary>The apps the pages recommend, by the kind of device.</summary>
static class Apps
{
    static readonly App[] Android =
    [
        new("Conversations", "https://conversations.im/", TakesInvites: true),
        new("Cheogram", "https://cheogram.com/android/", TakesInvites: true),
    ];

    static readonly App[] AppleMobile =
    [
        new("Monal", "https://monal-im.org/", TakesInvites: true),
        new("Siskin", "https://siskin.im/", TakesInvites: true),
    ];

    static readonly App[] Computer =
    [
        new("Gajim", "https://gajim.org/", TakesInvites: false),
        new("Dino", "https://dino.im/", TakesInvites: false),
        new("Beagle", "https://beagle.im/", TakesInvites: false),
    ];

    static readonly App[] Terminal = [new("Profanity", "https://profanity-im.github.io/", TakesInvites: false)];

    static readonly App[] Browser = [new("Converse", "https://conversejs.org/", TakesInvites: false)];

    /// <summary>The list, with the reader's own kind of device first.</summary>
    public static Html List(Texts texts, HttpRequest request, bool invites)
    {
        (string Kind, string Title, App[] Apps)[] groups =
        [
            ("android", "Android", Android), ("apple", "iPhone, iPad", AppleMobile), ("computer", texts.Computer, Computer),
            ("terminal", texts.Terminal, Terminal), ("browser", texts.Browser, Browser),
        ];
        var own = KindOf(request.Headers.UserAgent.ToString());
        var rows = groups
            .OrderBy(group => group.Kind == own ? 0 : 1)
            .Select(group => (group.Title, Apps: group.Apps.Where(app => !invites || app.TakesInvites).ToArray()))
            .Where(group => group.Apps.Length > 0)
            .Select(group => Html.Of($"<div><dt>{group.Title}</dt><dd>{Html.Join(group.Apps.Select(Link))}</dd></div>"));
        return Html.Of($"""<dl class="apps">{Html.Join(rows)}</dl>""");
    }

    /// <summary>Whether the reader holds a phone or tablet.</summary>
    public static bool IsPhone(HttpRequest request) => KindOf(request.Headers.UserAgent.ToString()) is not "computer";

    static Html Link(App app) => Html.Of($"""<a href="{app.Address}" rel="noreferrer noopener" target="_blank">{app.Name}</a> """);

    static string KindOf(string userAgent) => userAgent switch
    {
        _ when userAgent.Contains("Android", StringComparison.Ordinal) => "android",
        _ when userAgent.Contains("iPhone", StringComparison.Ordinal) || userAgent.Contains("iPad", StringComparison.Ordinal) => "apple",
        _ => "computer",
    };
}
