namespace Nyala.Host.Http.Pages;

/// <summary>Every sentence of the pages, in one language. {0} and the like are filled by the page.</summary>
sealed record Texts
{
    public required string Language { get; init; }
    public required string Tagline { get; init; }
    public required string HomeWhat { get; init; }
    public required string HomePrivate { get; init; }
    public required string NoWebAppTitle { get; init; }
    public required string NoWebAppText { get; init; }
    public required string JoinTitle { get; init; }
    public required string JoinInvite { get; init; }
    public required string JoinOpen { get; init; }
    public required string JoinClosed { get; init; }
    public required string LoginTitle { get; init; }
    public required string LoginText { get; init; }
    public required string AppsTitle { get; init; }
    public required string DetailsTitle { get; init; }
    public required string DetailsText { get; init; }
    public required string Address { get; init; }
    public required string AddressExample { get; init; }
    public required string Server { get; init; }
    public required string Computer { get; init; }
    public required string Terminal { get; init; }
    public required string Browser { get; init; }
    public required string InviteTitle { get; init; }
    public required string InviteBy { get; init; }
    public required string InviteContact { get; init; }
    public required string InviteGroup { get; init; }
    public required string InvitePromise { get; init; }
    public required string InviteWhat { get; init; }
    public required string HaveApp { get; init; }
    public required string OpenInApp { get; init; }
    public required string GetApp { get; init; }
    public required string GetAppSteps { get; init; }
    public required string CreateTitle { get; init; }
    public required string CreateText { get; init; }
    public required string Username { get; init; }
    public required string UsernameHint { get; init; }
    public required string Password { get; init; }
    public required string PasswordHint { get; init; }
    public required string PasswordAgain { get; init; }
    public required string CreateButton { get; init; }
    public required string ScanTitle { get; init; }
    public required string ScanText { get; init; }
    public required string PhoneNeedsDomain { get; init; }
    public required string DoneTitle { get; init; }
    public required string DoneText { get; init; }
    public required string DoneAddress { get; init; }
    public required string DoneSteps { get; init; }
    public required string DoneInviter { get; init; }
    public required string GoneTitle { get; init; }
    public required string GoneText { get; init; }
    public required string NotFoundTitle { get; init; }
    public required string NotFoundText { get; init; }
    public required string WrongTitle { get; init; }
    public required string WrongText { get; init; }
    public required string BadUsername { get; init; }
    public required string Taken { get; init; }
    public required string BadPassword { get; init; }
    public required string PasswordsDiffer { get; init; }
    public required string TooMany { get; init; }
    public required string NotSecure { get; init; }
    public required string ForeignForm { get; init; }
    public required string NoSpace { get; init; }
    public required string Home { get; init; }
    public required string FreeSoftware { get; init; }

    /// <summary>The language a browser wants most of those there are (RFC 9110 §12.5.4); English when it names none of them.</summary>
    public static Texts For(HttpRequest request)
    {
        var wanted = request.GetTypedHeaders().AcceptLanguage
            .Where(language => (language.Quality ?? 1) > 0)
            .OrderByDescending(language => language.Quality ?? 1);
        foreach (var language in wanted)
        {
            var name = language.Value.ToString().Split('-')[0].ToUpperInvariant();
            if (name is "ID" or "IN")
            {
                return Indonesian.Texts;
            }

            if (name is "EN" or "*")
            {
                return English.Texts;
            }
        }

        return English.Texts;
    }
}
