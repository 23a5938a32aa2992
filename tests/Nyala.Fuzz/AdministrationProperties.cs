using FsCheck;
using FsCheck.Fluent;
using Nyala.Features.AdHoc;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Fuzz;

/// <summary>What clients may write into forms and reports: nothing makes it throw, and what is taken is bounded.</summary>
public sealed class AdministrationProperties
{
    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(3000);
    static readonly string[] Types = ["boolean", "fixed", "hidden", "jid-multi", "jid-single", "list-multi", "list-single", "text-multi", "text-private", "text-single"];
    static readonly string[] Values = ["", "1", "0", "true", "yes", "-1", "7", "99999999999999999999", "a@b/c", "@", "b", "\uD800", "urn:x", new('x', 5_000)];
    static readonly string[] Names = ["report", "text", "stanza-id", "report-origin", "third-party", "x"];
    static readonly string[] Attributes = ["reason", "by", "id", "xml:lang"];
    static readonly string[] Namespaces = [Ns.Reporting, Ns.StanzaIds, Ns.DataForms];

    static Arbitrary<int[]> Dice { get; } = Gen.Choose(0, 1_000).ArrayOf(30).ToArbitrary();

    [Fact]
    public void A_report_is_bounded_whatever_it_is_made_of() => Prop.ForAll(Dice, dice =>
        !AbuseReport.TryParse(Report(dice), out var report)
        || (report.Reason.StartsWith("urn:", StringComparison.Ordinal) && report.Text.Length <= AbuseReport.MostText
            && report.Stanzas.Count <= AbuseReport.MostStanzas && report.Stanzas.All(stanza => Jid.TryParse(stanza.By, out _)))).Check(Many);

    [Fact]
    public void What_passes_the_check_of_a_form_has_only_possible_values() => Prop.ForAll(Dice, dice =>
    {
        var offered = new DataForm("form", "urn:form");
        var submitted = new DataForm("submit");
        for (var at = 0; at + 4 < dice.Length; at += 5)
        {
            var name = $"f{at}";
            offered.Add(new DataFormField(name, Types[dice[at] % Types.Length], [])
            {
                Required = dice[at + 1] % 2 == 0, Options = [(null, "7"), (null, "b")], Least = dice[at + 1] % 7 == 0 ? 5 : null,
            });
            if (dice[at + 2] % 4 != 0)
            {
                submitted.Add(new DataFormField(name, null, [Values[dice[at + 3] % Values.Length], Values[dice[at + 4] % Values.Length]]));
            }
        }

        if (CommandForms.Check(offered, submitted) is not null)
        {
            return true;
        }

        _ = CommandForms.Fill(offered, submitted).ToElement();
        return offered.Fields.Where(field => field.Type is not ("hidden" or "fixed")).All(field =>
        {
            string[] values = [.. submitted[field.Var!]?.Values.Where(value => value.Length > 0) ?? []];
            return (!field.Required || values.Length > 0)
                && (field.Type!.EndsWith("-multi", StringComparison.Ordinal) || values.Length <= 1)
                && (!field.Type.StartsWith("jid", StringComparison.Ordinal) || values.All(value => Jid.TryParse(value, out _)))
                && (!field.Type.StartsWith("list", StringComparison.Ordinal) || values.All(value => value is "7" or "b"));
        });
    }).Check(Many);

    static Element Report(int[] dice)
    {
        var report = new Element("report", Ns.Reporting).Set("reason", dice[0] % 3 == 0 ? Values[dice[1] % Values.Length] : "urn:xmpp:reporting:spam");
        for (var at = 2; at + 4 < dice.Length; at += 5)
        {
            report.Add(new Element(Names[dice[at] % Names.Length], Namespaces[dice[at + 1] % Namespaces.Length])
                .Set(Attributes[dice[at + 2] % Attributes.Length], Values[dice[at + 3] % Values.Length])
                .Set("id", dice[at + 4] % 3 == 0 ? null : "i").Set("by", dice[at + 4] % 5 == 0 ? null : "a@b").AddText(Values[dice[at + 4] % Values.Length]));
        }

        return report;
    }
}
