using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Nyala.Xmpp;
using Xunit;

namespace Nyala.Fuzz;

public sealed class JidProperties
{
    /// <summary>Characters that have rules of their own, among letters of several scripts.</summary>
    static readonly string[] Pieces =
    [
        "@", "/", ".", "[", "]", ":", "-", "xn--", "a", "Z", "9", " ", "&", "\0", "\u00DF", "\u0130", "\u03A3", "\u03C2", "e\u0301", "\u212B",
        "\u05D0", "\u0628", "\u0661", "\u06F1", "\u200C", "\u200D", "\u094D", "\u0915", "\uFF21", "\uFFA1", "\uFE0F", "\u3000", "\u30FB", "\u30AB",
        "\u1100", "\u1161", "\uAC00", "\uFDD0", "\uD800", "\uDC00", "\U0001F600", "\U00010400", "\u2163", "\uFB01", "\u0345", "\u0378", "\u3002",
    ];

    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(5000);

    static Arbitrary<string> Addresses { get; } = Gen.Choose(1, 7)
        .SelectMany(length => Gen.Elements(Pieces).ArrayOf(length))
        .Select(string.Concat)
        .ToArbitrary();

    [Fact]
    public void Preparing_a_prepared_address_changes_nothing() => Prop.ForAll(Addresses, text =>
    {
        if (!Jid.TryParse(text, out var jid))
        {
            return true;
        }

        return Jid.TryParse(jid.ToString(), out var again) && again.Equals(jid) && again.ToString() == jid.ToString()
            && again.GetHashCode() == jid.GetHashCode() && jid.Bare.Equals(Jid.Parse(jid.Bare.ToString()));
    }).Check(Many);

    [Fact]
    public void Bytes_and_characters_give_the_same_address() => Prop.ForAll(Addresses, text =>
    {
        var valid = Jid.TryParse(text, out var jid);
        var bytes = Encoding.UTF8.GetBytes(text);
        if (Encoding.UTF8.GetString(bytes) != text)
        {
            return !valid; // half a surrogate pair
        }

        return Jid.TryParse(bytes, out var fromBytes) == valid && Equals(jid, fromBytes)
            && Jid.TryParse(bytes, out var cached) == valid && Equals(jid, cached);
    }).Check(Many);

    [Fact]
    public void No_bytes_make_it_throw() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
        !Jid.TryParse(bytes, out var jid) || Jid.TryParse(jid.ToString(), out _)).Check(Many);

    [Fact]
    public void Parts_keep_their_separators_out() => Prop.ForAll(Addresses, text =>
        !Jid.TryParse(text, out var jid)
        || (!(jid.Local ?? "").Any("@/\"&':<> ".Contains) && !jid.Domain.Any("@/ ".Contains) && jid.Domain.Length > 0)).Check(Many);
}
