using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>
/// The two formats of vCards and how the properties of one are those of the other (XEP-0292 §9). Photos are left out: avatars
/// have a home of their own. What has no counterpart stays where it is.
/// </summary>
public static class VCards
{
    /// <summary>Properties of one text value: vcard-temp, vCard4, type of value.</summary>
    static readonly (string Temp, string Modern, string Value)[] Simple =
    [
        ("FN", "fn", "text"),
        ("NICKNAME", "nickname", "text"),
        ("BDAY", "bday", "date"),
        ("TITLE", "title", "text"),
        ("ROLE", "role", "text"),
        ("DESC", "note", "text"),
        ("URL", "url", "uri"),
        ("UID", "uid", "uri"),
        ("TZ", "tz", "text"),
    ];

    static readonly (string Temp, string Modern)[] NameParts =
        [("FAMILY", "surname"), ("GIVEN", "given"), ("MIDDLE", "additional"), ("PREFIX", "prefix"), ("SUFFIX", "suffix")];

    static readonly (string Temp, string Modern)[] AddressParts =
    [
        ("POBOX", "pobox"), ("EXTADD", "ext"), ("STREET", "street"), ("LOCALITY", "locality"), ("REGION", "region"), ("PCODE", "code"), ("CTRY", "country"),
    ];

    static readonly (string Temp, string Modern)[] Types =
    [
        ("HOME", "home"), ("WORK", "work"), ("VOICE", "voice"), ("FAX", "fax"), ("PAGER", "pager"), ("MSG", "text"), ("CELL", "cell"), ("VIDEO", "video"),
    ];

    static readonly HashSet<string> Mapped =
        [.. Simple.Select(entry => entry.Temp), "N", "ADR", "TEL", "EMAIL", "JABBERID", "ORG", "NOTE", "PHOTO", .. Simple.Select(entry => entry.Modern), "n", "adr", "tel", "email", "impp", "org", "photo"];

    /// <summary>The vCard4 of a vcard-temp; what <paramref name="old"/> has beyond that stays.</summary>
    public static Element ToModern(Element card, Element? old = null)
    {
        var modern = new Element("vcard", Ns.VCard4);
        foreach (var property in card.Children.Where(child => child.Namespace == Ns.VCard))
        {
            modern.Add(ToModernProperty(property));
        }

        return modern.Add(Others(old));
    }

    /// <summary>The vcard-temp of a vCard4; what <paramref name="old"/> has beyond that stays.</summary>
    public static Element ToTemp(Element modern, Element? old = null)
    {
        var card = new Element("vCard", Ns.VCard);
        foreach (var property in modern.Children.Where(child => child.Namespace == Ns.VCard4))
        {
            card.Add(ToTempProperty(property));
        }

        return card.Add(Others(old));
    }

    static IEnumerable<Element> Others(Element? old) => old is null ? [] : old.Children.Where(child => !Mapped.Contains(child.Name));

    static Element? ToModernProperty(Element property)
    {
        if (Array.Find(Simple, entry => entry.Temp == property.Name) is { Modern: not null } simple)
        {
            return property.Text.Length == 0 ? null : Modern(simple.Modern).Add(simple.Value, property.Text);
        }

        return property.Name switch
        {
            "NOTE" when property.Text.Length > 0 => Modern("note").Add("text", property.Text),
            "N" => Parts(property, Modern("n"), NameParts, toModern: true),
            "ADR" => Parts(property, Typed(property, Modern("adr")), AddressParts, toModern: true),
            "TEL" when property.Child("NUMBER")?.Text is { Length: > 0 } number => Typed(property, Modern("tel")).Add("text", number),
            "EMAIL" when property.Child("USERID")?.Text is { Length: > 0 } address => Typed(property, Modern("email")).Add("text", address),
            "JABBERID" when property.Text.Length > 0 => Modern("impp").Add("uri", "xmpp:" + property.Text),
            "ORG" => Organisation(property),
            _ => null,
        };
    }

    static Element? ToTempProperty(Element property)
    {
        var value = property.Children.FirstOrDefault(child => child.Name != "parameters")?.Text ?? "";
        if (Array.Find(Simple, entry => entry.Modern == property.Name) is { Temp: not null } simple)
        {
            return value.Length == 0 ? null : Temp(simple.Temp).AddText(value);
        }

        return property.Name switch
        {
            "n" => Parts(property, Temp("N"), NameParts, toModern: false),
            "adr" => Parts(property, Flagged(property, Temp("ADR")), AddressParts, toModern: false),
            "tel" when value.Length > 0 => Flagged(property, Temp("TEL")).Add("NUMBER", value.StartsWith("tel:", StringComparison.OrdinalIgnoreCase) ? value[4..] : value),
            "email" when value.Length > 0 => Flagged(property, Temp("EMAIL")).Add("USERID", value),
            "impp" when value.StartsWith("xmpp:", StringComparison.OrdinalIgnoreCase) => Temp("JABBERID").AddText(value[5..]),
            "org" when value.Length > 0 => property.Children.Where(child => child.Name == "text").Select((text, index) => (text.Text, Index: index))
                .Aggregate(Temp("ORG"), (org, part) => org.Add(part.Index == 0 ? "ORGNAME" : "ORGUNIT", part.Text)),
            _ => null,
        };
    }

    static Element? Organisation(Element property)
    {
        var texts = property.Children.Where(child => child.Name is "ORGNAME" or "ORGUNIT" && child.Text.Length > 0).Select(child => child.Text).ToList();
        return texts.Count == 0 ? null : texts.Aggregate(Modern("org"), (org, text) => org.Add("text", text));
    }

    static Element? Parts(Element from, Element to, (string Temp, string Modern)[] parts, bool toModern)
    {
        var any = false;
        foreach (var (temp, modern) in parts)
        {
            if (from.Child(toModern ? temp : modern)?.Text is { Length: > 0 } text)
            {
                any = true;
                to.Add(toModern ? modern : temp, text);
            }
        }

        return any ? to : null;
    }

    /// <summary>The types of a property as vCard4 has them.</summary>
    static Element Typed(Element from, Element to)
    {
        var types = Types.Where(type => from.Child(type.Temp) is not null).Select(type => Modern("text").AddText(type.Modern)).ToList();
        return types.Count == 0 ? to : to.Add(Modern("parameters").Add(Modern("type").Add(types)));
    }

    /// <summary>The types of a property as vcard-temp has them.</summary>
    static Element Flagged(Element from, Element to)
    {
        var types = from.Child("parameters")?.Child("type")?.Children.Select(text => text.Text.ToLowerInvariant()).ToList() ?? [];
        return to.Add(Types.Where(type => types.Contains(type.Modern)).Select(type => Temp(type.Temp)));
    }

    static Element Modern(string name) => new(name, Ns.VCard4);

    static Element Temp(string name) => new(name, Ns.VCard);
}
