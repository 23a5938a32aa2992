using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Registration;

/// <summary>What a client filled in: the fields of XEP-0077 §3, or the form in their place (§4).</summary>
sealed record RegistrationRequest(string? Username, string? Password)
{
    public static RegistrationRequest Of(Element query) =>
        query.Child("x", Ns.DataForms) is { } x && DataForm.TryParse(x, out var form)
            ? new(form["username"]?.Value, form["password"]?.Value)
            : new(query.Child("username")?.Text, query.Child("password")?.Text);
}
