using FsCheck;
using FsCheck.Fluent;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Fuzz;

/// <summary>Whatever is published, reading and converting it does not throw, and what comes out can be written and read again.</summary>
public sealed class PubSubProperties
{
    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(3_000);

    static readonly Gen<string> Names = Gen.Elements(
        "vCard", "vcard", "FN", "fn", "N", "n", "FAMILY", "surname", "TEL", "tel", "NUMBER", "HOME", "parameters", "type", "text", "uri", "ORG", "org", "ORGNAME",
        "PHOTO", "BINVAL", "TYPE", "conference", "storage", "nick", "password", "extensions", "data", "metadata", "info", "x", "field", "value", "option", "item");

    static readonly Gen<string> Namespaces = Gen.Elements(
        Ns.VCard, Ns.VCard4, Ns.Bookmarks, Ns.LegacyBookmarks, Ns.AvatarData, Ns.AvatarMetadata, Ns.DataForms, Ns.Client, "urn:a");

    static readonly Gen<string> Texts = Gen.Elements(
        "", "a", "room@muc.example.org", "@", "AQID", "A Q\nID", "====", "tel:+1", "xmpp:a@b", "home", "true", "1", "max", "-1", "99999999999", "submit", "open", "\u00A0",
        "http://jabber.org/protocol/pubsub#node_config", "a9993e364706816aba3e25717850c26c9cd0d89d");

    static readonly Gen<string> Keys = Gen.Elements("jid", "name", "autojoin", "id", "type", "var", "url", "bytes");

    static readonly Gen<string> Options = Gen.Elements(
        [.. new NodeConfiguration().ToForm("submit", Ns.PubSubNodeConfig).Fields.Select(field => field.Var!), "pubsub#unheard_of", "FORM_TYPE"]);

    [Fact]
    public void No_vcard_makes_the_conversion_fail() => Prop.ForAll(Trees(4).Two().ToArbitrary(), cards =>
    {
        var modern = VCards.ToModern(cards.Item1, cards.Item2);
        var temp = VCards.ToTemp(cards.Item1, cards.Item2);
        return Same(modern) && Same(temp) && Same(VCards.ToTemp(modern)) && Same(VCards.ToModern(temp));
    }).Check(Many);

    [Fact]
    public void What_both_kinds_of_vcard_know_survives_there_and_back() => Prop.ForAll(Trees(4).ToArbitrary(), card =>
    {
        var once = VCards.ToTemp(VCards.ToModern(card));
        return once.ToString() == VCards.ToTemp(VCards.ToModern(once)).ToString();
    }).Check(Many);

    [Fact]
    public void No_avatar_makes_the_conversion_fail() => Prop.ForAll(Trees(3).ToArbitrary(), tree =>
        (!Avatar.TryReadPhoto(tree, out var photo) || (Same(photo.ToData()) && Same(photo.ToMetadata())
            && Avatar.TryReadData(photo.ToData(), photo.Hash, photo.Type, out _) && Avatar.ReadMetadata(photo.ToMetadata()) == (photo.Hash, photo.Type)))
        && Avatar.ReadMetadata(tree) is null or { Hash.Length: 40 } && !Avatar.TryReadData(tree, "no hash", "image/png", out _)).Check(Many);

    [Fact]
    public void No_bookmark_makes_the_conversion_fail() => Prop.ForAll(Trees(3).ToArbitrary(), Texts.ToArbitrary(), (tree, id) =>
    {
        var list = Bookmark.ReadList(tree);
        var item = Bookmark.Read(id, tree);
        return list.All(entry => Same(entry.Value.ToEntry()) && Bookmark.Read(entry.Key.ToString(), entry.Value.ToConference()) == entry.Value)
            && (item is null || (Same(item.ToConference(tree)) && Bookmark.Read(id, item.ToConference(tree)) == item));
    }).Check(Many);

    [Fact]
    public void A_configuration_is_what_its_own_form_says() => Prop.ForAll(Forms().ToArbitrary(), form =>
    {
        var configuration = new NodeConfiguration().With(form);
        var kept = configuration?.ToForm("submit", Ns.PubSubNodeConfig);
        return configuration is null
            || (new NodeConfiguration().With(kept!) is { } again && again with { RosterGroups = configuration.RosterGroups } == configuration
                && configuration.Meets(kept!, same => same) && Same(configuration.ToForm("form", Ns.PubSubNodeConfig).ToElement()));
    }).Check(Many);

    static Gen<DataForm> Forms() => Options.Zip(Texts.ArrayOf().Resize(3)).ArrayOf().Select(fields =>
        fields.Aggregate(new DataForm("submit"), (form, field) => form.Add(field.Item1, "text-single", field.Item2)));

    static Gen<Element> Trees(int depth) =>
        from name in Names
        from ns in Namespaces
        from key in Keys
        from value in Texts
        from text in Texts
        from children in depth == 0 ? Gen.Constant(Array.Empty<Element>()) : Trees(depth - 1).ArrayOf().Resize(4)
        select new Element(name, ns).Set(key, value).AddText(text).Add(children);

    static bool Same(Element element) => Stanza.Parse(element.ToUtf8()).ToElement().ToString() == element.ToString();
}
