using FsCheck;
using FsCheck.Fluent;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Fuzz;

/// <summary>What clients may write about rooms: nothing makes it throw, and what was read is written the same.</summary>
public sealed class RoomPayloadProperties
{
    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(3000);
    static readonly string[] Names = ["item", "x", "invite", "history", "password", "reason", "continue", "actor"];
    static readonly string[] Attributes = ["affiliation", "role", "jid", "nick", "to", "from", "maxchars", "maxstanzas", "seconds", "since"];

    static readonly string[] Values =
        ["owner", "admin", "member", "none", "outcast", "moderator", "visitor", "", "-1", "7", "99999999999999999999", "a@b/c", "@", "2026-01-01T00:00:00Z", "b", "\uD800"];

    static Arbitrary<Element> Elements { get; } = Gen.Choose(0, 1_000).ArrayOf(14).Select(Make).ToArbitrary();

    [Fact]
    public void Items_are_read_as_they_are_written() => Prop.ForAll(Elements, element =>
        !RoomItem.TryParse(element, out var item)
        || (item.Affiliation is null != item.Role is null
            && RoomItem.TryParse(item.ToElement(Ns.MucAdmin), out var again) && again == item)).Check(Many);

    [Fact]
    public void No_entry_or_invitation_makes_it_throw() => Prop.ForAll(Elements, element =>
    {
        _ = RoomEntry.TryParse(element, out var entry);
        return (entry is null || entry.MaxStanzas is null or >= 0)
            && (!RoomInvitation.TryParse(element, out var invitation) || Jid.TryParse(invitation.ToElement("invite")["from"], out _));
    }).Check(Many);

    static Element Make(int[] dice)
    {
        var ns = (dice[0] % 3) switch { 0 => Ns.Muc, 1 => Ns.MucUser, _ => Ns.MucAdmin };
        var element = new Element(Names[dice[1] % Names.Length], ns);
        var child = new Element(Names[dice[2] % Names.Length], ns).AddText(Values[dice[3] % Values.Length]);
        for (var i = 4; i + 2 < dice.Length; i += 3)
        {
            (dice[i] % 3 == 0 ? child : element).Set(Attributes[dice[i + 1] % Attributes.Length], Values[dice[i + 2] % Values.Length]);
        }

        return element.Add(child);
    }
}
